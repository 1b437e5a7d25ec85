/**
 * The WKV operator of RWKV-4 (Peng et al. 2023, arXiv 2305.13048, equations 16 and 19 to 23): per channel an average of
 * the past values whose weights decay with age, plus a bonus for the present.
 *
 *   d = exp(decay),  y_t = (sum_{i<t} e^{k_i - (t-1-i) d} v_i + e^{first + k_t} v_t) / (the same with v = 1)
 *
 * k, v (B, T, C); decay (the logarithm of d), first (C); y (B, T, C): a softmax over i <= t, summed by recurrence.
 *
 * state (B, 3, C), optional: what was seen before step 0, as numerator a e^o and denominator b e^o of the past: rows
 * a, b and a reference o, which a device chooses so that no exponential overflows (the float64 one: the running maximum
 * o = max(o - d, k)). Nothing: 0, 0, -1e30. Output `states` (B, ceil(T/32) + 1, 3, C): before steps 0, 32, 64, ..., and,
 * last, after step T - 1.
 *
 * Backward, with s_it the weight of v_i in y_t and e_it = s_it (v_i - y_t); no gradient flows through states:
 *   dv_i = sum_t g_t s_it    dk_i = sum_t g_t e_it    dfirst = sum_t g_t e_tt    ddecay = -d sum_{i<t} g_t (t-1-i) e_it
 * two scans backwards in time, from the states that the forward pass left.
 */
import type { Tape } from '../../tensor/tape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { defineOp, type Fill, type OpCase, requireShape, type Shape, showShape } from '../op.ts';
import { slice } from '../slice/op.ts';

/** Steps between two stored states. */
export const stride = 32;
/** Decays above this count as this: either way one step forgets everything. */
export const fastest = 1e6;
/** The reference before anything was seen. */
export const nothing = -1e30;

function sample(B: number, T: number, C: number, scale = 1, state = false, decay = [-5, 3]): OpCase {
  const fills: Fill[] = [
    { kind: 'normal', scale },
    { kind: 'normal' },
    { kind: 'uniform', low: decay[0], high: decay[1] },
    { kind: 'normal', scale: Math.min(scale, 10) },
    { kind: 'uniform', low: 0.5, high: 2 },
  ];
  return {
    name: `${B}x${T}x${C}, keys of ${scale}${state ? ', from a state' : ''}${decay[0] < -5 ? ', slow' : ''}`,
    shapes: [[B, T, C], [B, T, C], [C], [C], state ? [B, 3, C] : null],
    attrs: {},
    fills,
    causal: T > 1 ? [1, 1] : undefined,
    // Rounding of a key of size 100, 4e-6, is a relative error of its weight.
    ...(scale > 10 ? { tolerance: 1e-4 } : {}),
  };
}

const cases: OpCase[] = [
  sample(1, 1, 1),
  sample(2, 1, 5, 1, true),
  sample(2, 7, 3),
  sample(1, 31, 17),
  sample(3, 32, 16, 1, true),
  sample(2, 33, 40, 3),
  sample(2, 64, 67),
  sample(2, 101, 131, 1, true),
  sample(1, 257, 300),
  sample(2, 40, 4, 40),
  sample(2, 100, 33, 40, true),
  sample(1, 3000, 5, 1, false, [-9, -6]),
];

const wkvOp = defineOp({
  id: 'wkv',
  inputs: [
    { name: 'k' },
    { name: 'v' },
    { name: 'decay' },
    { name: 'first' },
    { name: 'state', optional: true, differentiable: false },
  ],
  outputs: [{ name: 'y' }, { name: 'states', auxiliary: true, opaque: true }],
  infer([k, v, decay, first, state]) {
    requireShape(k?.length === 3 && k.every((n) => n > 0), 'wkv', `k must be (B, T, C), not ${showShape(k)}`);
    const [B, T, C] = k;
    requireShape(
      v?.length === 3 && v.every((n, i) => n === k[i]),
      'wkv',
      `v ${showShape(v)} must have the shape of k ${showShape(k)}`,
    );
    for (const [name, s] of [
      ['decay', decay],
      ['first', first],
    ] as const)
      requireShape(s?.length === 1 && s[0] === C, 'wkv', `${name} must be (${C}), not ${showShape(s)}`);
    requireShape(
      !state || (state.length === 3 && state[0] === B && state[1] === 3 && state[2] === C),
      'wkv',
      `state must be (${B}, 3, ${C}), not ${showShape(state)}`,
    );
    return [k, [B, Math.ceil(T / stride) + 1, 3, C]];
  },
  saves: () => ({ inputs: [0, 1, 2, 3], outputs: [1] }),
  pack: () => [],
  cost([k]) {
    const [B, T, C] = k as Shape;
    const n = B * T * C;
    const states = 12 * B * C * (Math.ceil(T / stride) + 1);
    return { forward: { flops: 30 * n, bytes: 12 * n + states }, backward: { flops: 70 * n, bytes: 20 * n + states } };
  },
  cases,
  // Exponentials of 1e-7, and sums of as many weights as the decay leaves.
  tolerance: 5e-6,
});
export default wkvOp;

export interface WkvOperands {
  k: Tensor;
  v: Tensor;
  decay: Tensor;
  first: Tensor;
  state?: Tensor | null;
}

/** y (B, T, C), and all stored states. */
export function wkv(t: Tape, { k, v, decay, first, state = null }: WkvOperands): { y: Tensor; states: Tensor } {
  const [y, states] = t.apply(wkvOp, [k, v, decay, first, state], {});
  return { y, states };
}

/** The state after the last step, (B, 3, C). */
export function lastState(t: Tape, states: Tensor): Tensor {
  const [B, n, three, C] = states.shape;
  return t.reshape(slice(t, states, { axis: 1, start: n - 1, length: 1 }), [B, three, C]);
}
