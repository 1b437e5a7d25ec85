/**
 * Induction heads (Olsson et al. 2022; Fu et al. 2022, H3, arXiv 2212.14052, section 3.1; safari,
 * `generate_induction_head`):
 *
 *     x x x => a x x x x x => a
 *
 * `length` uniform ordinary tokens, of which the one at p, uniform on 0 .. length - copied - 2, is overwritten by `=>`;
 * the `copied` tokens behind it are the answer, which the last `=>` asks for. With `triggers` > 1 an example has one
 * trigger with probability 1/2; else so many positions are drawn, and from the first on each that lies more than
 * `copied` behind the last kept one is overwritten by `=>` and the same answer.
 */
import type { Comparison } from '../comparison.ts';
import type { DataKind } from '../dataset.ts';
import type { Draws } from '../draws.ts';
import { compareInduction } from './induction-statistics.ts';
import { answerOf, equal, type Guess, type Language, promptOf, requireInteger } from './language.ts';
import { drawSymbols } from './symbols.ts';
import { type SyntheticSize, SyntheticTokens } from './token-set.ts';
import { ARROW, Vocabulary } from './vocabulary.ts';

export interface InductionSettings {
  /** Tokens, `=>` and `.` included (`.` never occurs). */
  vocabulary: number;
  /** Tokens to copy (safari: `induction_len`). */
  copied: number;
  /** Most triggers of an example (safari: `induction_num_triggers`). */
  triggers: number;
}
export type InductionOptions = SyntheticSize & Partial<InductionSettings>;

/** H3, table 2, and safari, configs/experiment/synthetics/induction_head: vocabulary 20, length 30. */
export const inductionDefaults = {
  vocabulary: 20,
  length: 30,
  copied: 1,
  triggers: 1,
  sizes: { train: 5_000, validation: 500, test: 500 },
} as const;

export class InductionHeads implements Language {
  readonly id = 'induction-heads';
  readonly answer: number;
  readonly learns = 'every token';
  readonly measure = 'length';
  readonly distinct = 'within a split';
  readonly kind: DataKind;
  readonly about: string;
  readonly vocabulary: Vocabulary;
  readonly guesses: readonly Guess[];
  readonly arrow: number;

  constructor(
    readonly settings: Readonly<Record<string, unknown>> & InductionSettings,
    length: number,
  ) {
    const { vocabulary, copied, triggers } = settings;
    this.vocabulary = Vocabulary.numbered(vocabulary);
    requireInteger(`${this.id}: the tokens to copy`, copied, 1, 2 ** 16);
    requireInteger(`${this.id}: the triggers`, triggers, 1, 2 ** 16);
    this.answer = copied;
    this.arrow = this.vocabulary.id(ARROW);
    const same = { ...inductionDefaults, vocabulary, copied, triggers, length };
    this.about = `vocabulary ${vocabulary}, ${copied} token${copied > 1 ? 's' : ''} to copy, ${triggers > 1 ? `1 or up to ${triggers} triggers` : '1 trigger'}`;
    this.kind =
      JSON.stringify(same) === JSON.stringify(inductionDefaults)
        ? 'generated-equivalent'
        : `generated-variant:${this.about}, length ${length}`;
    this.guesses = [
      {
        method: 'the last ordinary tokens',
        guess: (prompt) => Array.from(prompt.subarray(prompt.length - 1 - copied, prompt.length - 1)),
      },
    ];
  }

  tokens(length: number): number {
    requireInteger(`${this.id}: the length`, length, this.answer + 2, 2 ** 24);
    return length + 1 + this.answer;
  }
  lengthOf(tokens: number): number {
    return tokens - 1 - this.answer;
  }
  chance(): number {
    return 1 / this.vocabulary.ordinary.length;
  }
  /** Every trigger fixes itself and at most `copied` more tokens; the others must be equal, and where triggers lie. */
  bits(length: number): number {
    const { triggers, copied } = this.settings;
    const fixed = triggers === 1 ? 1 : triggers * (copied + 1);
    return Math.max(0, length - fixed) * Math.log2(this.vocabulary.ordinary.length);
  }

  draw(draws: Draws, length: number, out: Uint8Array): void {
    const { ordinary } = this.vocabulary;
    const { copied } = this.settings;
    drawSymbols(draws, ordinary.length, out, 0, length);
    for (let i = 0; i < length; i++) out[i] = ordinary[out[i]];
    const triggers = this.settings.triggers > 1 && draws.integer(2) ? this.settings.triggers : 1;
    const positions = Array.from({ length: triggers }, () => draws.integer(length - 1 - copied)).sort((a, b) => a - b);
    const answer = out.slice(positions[0] + 1, positions[0] + 1 + copied);
    let last = Number.NEGATIVE_INFINITY;
    for (const position of positions) {
      if (position - last <= copied) continue;
      out[position] = this.arrow;
      out.set(answer, position + 1);
      last = position;
    }
    out[length] = this.arrow;
    out.set(answer, length + 1);
  }

  /** What follows the first `=>`. */
  solve(prompt: Uint8Array): number[] {
    const at = prompt.indexOf(this.arrow);
    return Array.from(prompt.subarray(at + 1, at + 1 + this.answer));
  }

  fault(example: Uint8Array): string | null {
    const { copied, triggers } = this.settings;
    const last = example.length - 1 - copied;
    const answer = answerOf(this, example);
    if (example[last] !== this.arrow) return `token ${last + 1} is not =>`;
    const inside = Array.from(example.keys()).filter((i) => i < last && example[i] === this.arrow);
    if (inside.length < 1 || inside.length > triggers)
      return `${inside.length} triggers before the last =>, where there are 1 to ${triggers}`;
    const odd = example.findIndex((id, i) => i !== last && !inside.includes(i) && !this.vocabulary.isOrdinary(id));
    if (odd >= 0) return `${this.vocabulary.tokens[example[odd]]} is no ordinary token (token ${odd + 1})`;
    const near = inside.find((at) => at + copied >= last);
    if (near !== undefined) return `the trigger at token ${near + 1} has no answer of its own`;
    const differs = inside.find((at) => !equal(example.subarray(at + 1, at + 1 + copied), answer));
    if (differs !== undefined) return `the tokens behind => at token ${differs + 1} are not the answer`;
    return equal(this.solve(promptOf(this, example)), answer) ? null : 'the answer is not what followed the first =>';
  }

  compare(examples: readonly Uint8Array[], length: number): Comparison[] {
    return compareInduction(this, examples, length);
  }
}

/** Opens induction heads; every option has safari's default. */
export function openInductionHeads(options: InductionOptions = {}): SyntheticTokens<InductionHeads> {
  const { vocabulary, copied, triggers, length } = { ...inductionDefaults, ...options };
  const language = new InductionHeads({ vocabulary, copied, triggers }, length);
  const size = { seed: options.seed ?? 0, length, sizes: options.sizes ?? {}, testLength: options.testLength };
  return new SyntheticTokens(language, size, inductionDefaults.sizes, {
    ...{ module: import.meta.url, name: 'openInductionHeads', settings: options },
  });
}
