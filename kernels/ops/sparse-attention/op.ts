/**
 * Softmax attention over the pairs that a pattern shows: `flash-attention` (same tiles, same memory) with work in
 * proportion to the visible pairs. One op for block-sparse attention (Dao et al. 2022, arXiv 2205.14135, section 3.3)
 * and for local windows (Parmar et al. 2018, arXiv 1802.05751, section 3.3).
 *
 *   q (B, Sq, h, d); k, v (B, Sk, h, d); o (B, Sq, h, d); lse (B, h, Sq); S = scale q k^T, P = softmax, o = P v
 *   query i sees key j when all that is given allows it:
 *     lengths i32 (B)             j < lengths[b]
 *     real    i32 (B, Sk)         real[b, j] is not 0
 *     mask    i32 (h, nq, nk)     mask[head, floor(i / block), floor(j / block)] is not 0; n = ceil(S / block)
 *     causal                      j <= i + Sk - Sq
 *     window w, back, ahead       floor(i / w) - back <= floor(j / w) <= floor(i / w) + ahead        (Sq = Sk)
 *     exact                       and -w ahead <= i - j <= w back
 *
 * A query that sees no key gives o = 0, lse = 0 and no gradient. Backward as in `flash-attention`.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type AttentionSizes, attentionSizes } from '../attention/op.ts';
import { tileWorkspace } from '../flash-attention/op.ts';
import { defineOp, type Fill, type OpCase, requireShape, showShape } from '../op.ts';

export type SparseAttentionAttrs = {
  causal: boolean;
  scale: number;
  /** Steps of a block of the mask; 0 without one. */
  block: number;
  /** Share of the mask's blocks that are present: for cost estimates only. */
  density: number;
  /** Steps of a window, 0: no windows; windows before and after a query's own; whether the limits are exact. */
  window: number;
  back: number;
  ahead: number;
  exact: boolean;
};

/** Keys [low, high) that windows and causality leave to query i. */
export function visibleRange(
  { Sq, Sk }: Pick<AttentionSizes, 'Sq' | 'Sk'>,
  { causal, window: w, back, ahead, exact }: SparseAttentionAttrs,
  i: number,
): [low: number, high: number] {
  const past = causal ? i + Sk - Sq + 1 : Sk;
  const own = w ? Math.floor(i / w) : 0;
  const low = !w ? 0 : exact ? i - w * back : (own - back) * w;
  const high = !w ? Sk : exact ? i + w * ahead + 1 : (own + ahead + 1) * w;
  return [Math.max(0, low), Math.max(0, Math.min(Sk, past, high))];
}

const id = 'sparse-attention';
const whole = (...numbers: number[]) => numbers.every((n) => Number.isInteger(n) && n >= 0);

const defaults = { block: 0, density: 1, window: 0, back: 0, ahead: 0, exact: false };
const cases: OpCase<SparseAttentionAttrs>[] = [];
/** Sizes B, Sq, Sk, h, d; the pattern; whether lengths and flags of keys are given. */
function add(
  [B, Sq, Sk, h, d]: number[],
  pattern: Partial<SparseAttentionAttrs>,
  { lengths = false, real = false, values = [1, 0, 0, 1, 1, 0, 1] } = {},
): void {
  const attrs = { ...defaults, causal: false, scale: 1 / Math.sqrt(d), ...pattern };
  const { block, window, back, ahead, exact, causal } = attrs;
  const n = (S: number) => Math.ceil(S / block);
  const text = [block && `blocks ${block}`, window && `windows ${window} (${back}, ${ahead})${exact ? ' exact' : ''}`];
  cases.push({
    name: [
      `B${B} q${Sq} k${Sk} h${h} d${d}`,
      ...text.filter(Boolean),
      ...(causal ? ['causal'] : []),
      ...(lengths ? ['lengths'] : []),
      ...(real ? ['real'] : []),
      ...(values.every((x) => x === 0) ? ['none present'] : []),
    ].join(' '),
    shapes: [
      [B, Sq, h, d],
      [B, Sk, h, d],
      [B, Sk, h, d],
      lengths ? [B] : null,
      real ? [B, Sk] : null,
      block ? [h, n(Sq), n(Sk)] : null,
    ],
    attrs,
    fills: [
      ...Array<undefined>(3),
      { kind: 'values', values: [Math.ceil(Sk / 2), 0, Sk + 1] },
      { kind: 'values', values: [1, 1, 0, 1, 1] },
      { kind: 'values', values } satisfies Fill,
    ],
    // Blocks are borders that input 0 does not move, so causality holds in each of them.
    ...(causal ? { causal: [1, 1] as [number, number] } : {}),
  });
}
add([1, 1, 1, 1, 1], { block: 1 }, { values: [1] });
add([1, 1, 1, 1, 3], { block: 5 }, { values: [0] });
for (const causal of [false, true]) {
  add([2, 48, 48, 2, 8], { block: 8, causal });
  add([1, 50, 50, 3, 6], { block: 16, causal });
  add([1, 37, 70, 2, 19], { block: 11, causal });
  add([1, 70, 37, 1, 16], { block: 32, causal }, { lengths: true });
  add([2, 131, 257, 1, 64], { block: 64, causal }, { real: true, lengths: true });
  add([1, 600, 600, 1, 4], { block: 300, causal });
  add([1, 33, 33, 1, 8], { block: 8, causal }, { values: [0] });
  for (const exact of [false, true]) {
    add([1, 1, 1, 1, 2], { window: 4, back: 1, exact, causal });
    add([2, 24, 24, 2, 5], { window: 6, back: 1, ahead: 1, exact, causal });
    add([1, 37, 37, 2, 4], { window: 8, back: 2, ahead: 1, exact, causal });
    add([1, 101, 101, 1, 16], { window: 7, back: 0, ahead: 3, exact, causal }, { real: true });
    add([1, 300, 300, 2, 32], { window: 64, back: 1, ahead: 1, exact, causal }, { lengths: true });
    add([1, 211, 211, 1, 8], { window: 130, back: 1, exact, causal });
    add([1, 90, 90, 2, 8], { window: 16, back: 1, ahead: 2, exact, causal, block: 24 });
  }
}
add([1, 41, 41, 1, 6], {}, { real: true });
cases.push({
  name: 'scores far below zero',
  shapes: [[1, 200, 1, 16], [1, 200, 1, 16], [1, 200, 1, 16], null, null, null],
  attrs: { ...defaults, causal: true, scale: 8, window: 20, back: 2, exact: true },
  tolerance: 2e-5, // exp turns a rounding error of S, 2^-24 times about 100, into a relative error of P
});

const sparseAttentionOp = defineOp<SparseAttentionAttrs>({
  id,
  inputs: [
    { name: 'q' },
    { name: 'k' },
    { name: 'v' },
    { name: 'lengths', dtype: 'i32', optional: true },
    { name: 'real', dtype: 'i32', optional: true },
    { name: 'mask', dtype: 'i32', optional: true },
  ],
  outputs: [{ name: 'o' }, { name: 'lse' }],
  infer(shapes, { block, window, back, ahead, density }) {
    const { B, Sq, Sk, h, d } = attentionSizes(id, shapes);
    const [, , , , real, mask] = shapes;
    requireShape(
      !real || (real.length === 2 && real[0] === B && real[1] === Sk),
      id,
      `real ${showShape(real)} must be (${B}, ${Sk}), a flag for each key`,
    );
    requireShape(
      whole(block, window, back, ahead),
      id,
      `block ${block}, window ${window}, back ${back} and ahead ${ahead} must be whole numbers, not negative`,
    );
    requireShape(
      (mask !== null) === block > 0,
      id,
      'a mask and the steps of its blocks go together: give both or none',
    );
    const blocks = (S: number) => Math.ceil(S / block);
    requireShape(
      !mask || [h, blocks(Sq), blocks(Sk)].every((n, i) => mask.length === 3 && n === mask[i]),
      id,
      `mask ${showShape(mask)} must be (${h}, ${blocks(Sq)}, ${blocks(Sk)}): heads, blocks of ${block} queries, of keys`,
    );
    requireShape(!window || Sq === Sk, id, `windows need as many queries as keys, not ${Sq} and ${Sk}`);
    requireShape(density >= 0 && density <= 1, id, `density ${density} must lie between 0 and 1`);
    return [
      [B, Sq, h, d],
      [B, h, Sq],
    ];
  },
  saves: () => ({ inputs: [0, 1, 2, 3, 4, 5], outputs: [0, 1] }),
  /** causal, scale, block, window, back, ahead, exact */
  pack: ({ causal, scale, block, window, back, ahead, exact }) => [
    causal ? 1 : 0,
    scale,
    block,
    window,
    back,
    ahead,
    exact ? 1 : 0,
  ],
  cost(shapes, attrs) {
    const s = attentionSizes(id, shapes);
    const { B, Sq, Sk, h, d } = s;
    let seen = 0;
    for (let i = 0; i < Sq; i++) {
      const [low, high] = visibleRange(s, attrs, i);
      seen += Math.max(0, high - low);
    }
    const pairs = B * h * seen * attrs.density;
    const rows = B * h * Sq;
    const tensors = 2 * rows * d + 2 * B * h * Sk * d;
    return {
      forward: { flops: 4 * pairs * d, bytes: 4 * (tensors + rows) },
      backward: { flops: 10 * pairs * d, bytes: 4 * (2 * tensors + rows) },
    };
  },
  workspace: (shapes, _, pass, threads) => tileWorkspace(attentionSizes(id, shapes), pass, threads),
  cases,
  tolerance: 5e-6,
});
export default sparseAttentionOp;

export interface Windows {
  /** Steps of a window. */
  size: number;
  /** Windows before and after a query's own that it sees. */
  back: number;
  ahead: number;
  /** Also -size ahead <= i - j <= size back. */
  exact?: boolean;
}

export interface SparseAttentionOptions {
  causal?: boolean;
  /** Default 1/sqrt(d). */
  scale?: number;
  /** i32 (B): how many keys of each batch entry are real. */
  keyLengths?: Tensor | null;
  /** i32 (B, Sk): which keys are real. */
  real?: Tensor | null;
  /** i32 (h, nq, nk) by blocks of `block` steps; `density`: share of them present, for cost estimates. */
  blocks?: { mask: Tensor; block: number; density?: number } | null;
  windows?: Windows | null;
}

/** o (B, Sq, h, d) and lse (B, h, Sq) of q (B, Sq, h, d), k and v (B, Sk, h, d). */
export function sparseAttention(t: Tape, q: Tensor, k: Tensor, v: Tensor, options: SparseAttentionOptions = {}) {
  const { causal = false, scale = 1 / Math.sqrt(q.shape[3]), keyLengths = null, real = null } = options;
  const { blocks, windows } = options;
  const attrs = {
    causal,
    scale,
    block: blocks?.block ?? 0,
    density: blocks?.density ?? 1,
    window: windows?.size ?? 0,
    back: windows?.back ?? 0,
    ahead: windows?.ahead ?? 0,
    exact: windows?.exact ?? false,
  };
  const [o, lse] = t.apply(sparseAttentionOp, [q, k, v, keyLengths, real, blocks?.mask ?? null], attrs);
  return { o, lse };
}
