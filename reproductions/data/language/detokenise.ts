/**
 * WikiText's spacing undone: ` @-@ `, ` @,@ `, blanks before punctuation and inside of brackets and quotes, headings. For
 * testing on WikiText a model that was trained on plain text; training on the result makes perplexities worse (safari,
 * `language_modeling_hf.py`). The rules are those of Megatron-LM's `wikitext_detokenizer`, one by one and in its order,
 * mistakes included: its second was meant for years such as '68 and asks for slashes around them.
 */

const plain: [string, string][] = [
  ...([' @-@ ', ' @,@ ', ' @.@ '].map((mark) => [mark, mark[2]]) as [string, string][]),
  ...([':', ';', '.', '!', '?', ','].map((mark) => [` ${mark} `, `${mark} `]) as [string, string][]),
];
const brackets: [RegExp, string][] = [
  [/\(\s*([^)]*?)\s*\)/g, '($1)'],
  [/\[\s*([^\]]*?)\s*\]/g, '[$1]'],
  [/\{\s*([^}]*?)\s*\}/g, '{$1}'],
  [/"\s*([^"]*?)\s*"/g, '"$1"'],
  [/'\s*([^']*?)\s*'/g, "'$1'"],
];
const rest: [string, string][] = [
  ['= = = =', '===='],
  ['= = =', '==='],
  ['= =', '=='],
  [' \u00b0 ', '\u00b0'],
  [' \n', '\n'],
  ['\n ', '\n'],
  [' N ', ' 1 '],
  [" 's", "'s"],
];

export function detokenise(text: string): string {
  let result = text.replaceAll("s '", "s'").replace(/\/' [0-9]\//g, "/'[0-9]/");
  for (const [from, to] of plain) result = result.replaceAll(from, to);
  for (const [from, to] of brackets) result = result.replace(from, to);
  for (const [from, to] of rest) result = result.replaceAll(from, to);
  return result;
}
