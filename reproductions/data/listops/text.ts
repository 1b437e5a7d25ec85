/**
 * The text form of ListOps: TAB separated files with the header `Source<TAB>Target`, where Source is the fully
 * parenthesised binary form of the LRA archive. An operator with arguments a1..an is the left-nested chain
 * `( ( ... ( ( [OP a1 ) a2 ) ... an ) ] )`. Models see it without the parentheses.
 */
import { CLOSE, DIGIT, END, OPERATOR, UNKNOWN, vocabulary } from './tree.ts';

const ids = new Map<string, number>(vocabulary.map((symbol, id) => [symbol, id]));

const LEFT = 40;
const RIGHT = 41;
const SPACE = 32;

/** The S4 loader writes X for the closing bracket. */
const idOf = (symbol: string): number => (symbol === 'X' ? CLOSE : (ids.get(symbol) ?? UNKNOWN));

/**
 * Tokens of a source text: parentheses deleted, split on white space, at most `maxLength` - 1 tokens, then `<eos>`.
 * Symbols outside of the vocabulary become `<unk>`. No `<eos>` when `maxLength` is absent.
 */
export function tokenize(source: string, maxLength = Number.POSITIVE_INFINITY): number[] {
  const most = maxLength - 1;
  const tokens: number[] = [];
  // Of the symbol at hand: where it begins, how many characters it has, the last of them.
  let from = 0;
  let count = 0;
  let last = 0;
  for (let i = 0; i <= source.length && tokens.length < most; i++) {
    const code = i < source.length ? source.charCodeAt(i) : SPACE;
    if (code === LEFT || code === RIGHT) continue;
    if (code > SPACE && !(code > 127 && /\s/.test(source[i]))) {
      if (count++ === 0) from = i;
      last = code;
    } else if (count) {
      tokens.push(idOf(count === 1 ? String.fromCharCode(last) : source.slice(from, i).replace(/[()]/g, '')));
      count = 0;
    }
  }
  if (maxLength !== Number.POSITIVE_INFINITY) tokens.push(END);
  return tokens;
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
