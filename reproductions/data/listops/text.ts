/**
 * The text form of ListOps: TAB separated files with the header `Source<TAB>Target`, where Source is the fully
 * parenthesised binary form of the LRA archive. An operator with arguments a1..an is the left-nested chain
 * `( ( ... ( ( [OP a1 ) a2 ) ... an ) ] )`. Models see it without the parentheses.
 */
import { CLOSE, DIGIT, END, OPERATOR, UNKNOWN, vocabulary } from './tree.ts';

const ids = new Map<string, number>(vocabulary.map((symbol, id) => [symbol, id]));

/**
 * Tokens of a source text: parentheses dropped, split on white space, at most `maxLength` - 1 tokens, then
 * `<eos>`. Symbols outside of the vocabulary become `<unk>`. No `<eos>` when `maxLength` is absent.
 */
export function tokenize(source: string, maxLength?: number): number[] {
  const symbols = source.replace(/[()]/g, ' ').split(/\s+/).filter(Boolean);
  const tokens = symbols.map((symbol) => (symbol === 'X' ? CLOSE : (ids.get(symbol) ?? UNKNOWN)));
  return maxLength === undefined ? tokens : [...tokens.slice(0, maxLength - 1), END];
}

/** The parenthesised text of a token sequence (without `<eos>` and padding). */
export function toSource(tokens: ArrayLike<number>): string {
  let at = 0;
  const node = (): string => {
    const token = tokens[at++];
    if (token >= DIGIT && token < OPERATOR) return vocabulary[token];
    if (!(token >= OPERATOR && token < CLOSE)) throw new Error(`ListOps: token ${at - 1} does not start an expression`);
    let text: string = vocabulary[token];
    while (tokens[at] !== CLOSE) text = `( ${text} ${node()} )`;
    at++;
    return `( ${text} ] )`;
  };
  const text = node();
  if (at !== tokens.length) throw new Error(`ListOps: token ${at} comes after the end of the expression`);
  return text;
}

export interface Row {
  source: string;
  target: number;
}

export function writeTsv(rows: Iterable<Row>): string {
  let text = 'Source\tTarget\n';
  for (const { source, target } of rows) text += `${source}\t${target}\n`;
  return text;
}
