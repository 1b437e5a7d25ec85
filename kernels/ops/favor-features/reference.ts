import type { NdArray, ReferenceCall } from '../op.ts';
import type { FavorAttrs } from './op.ts';

type Call = ReferenceCall<FavorAttrs>;

/** Largest s over the features and the steps below `end` of one head; 0 when there is none. */
function largest({ data, shape }: NdArray, b: number, head: number, end: number): number {
  const [, L, h, m] = shape;
  let top = Number.NEGATIVE_INFINITY;
  for (let l = 0; l < Math.min(end, L); l++)
    for (let r = 0; r < m; r++) top = Math.max(top, data[((b * L + l) * h + head) * m + r]);
  return top === Number.NEGATIVE_INFINITY ? 0 : top;
}

/** The scaled exponential of each feature of one vector: m^(-1/2) exp(s - |x|^2 / (2 sqrt d) - M). */
function exponentials(s: Float64Array, x: Float64Array, M: number): number[] {
  const half = x.reduce((sum, v) => sum + v * v, 0) / (2 * Math.sqrt(x.length));
  return Array.from(s, (v) => Math.exp(v - half - M) / Math.sqrt(s.length));
}

/** Every vector: its index, its s and x, and M. */
function vectors(
  call: Call,
  top: NdArray | null,
  each: (at: number, s: Float64Array, x: Float64Array, M: number) => void,
) {
  const [s, x] = call.inputs;
  if (!s) return;
  const [B, L, h, m] = s.shape;
  const d = x ? x.shape[3] : 0;
  for (let at = 0; at < B * L * h; at++) {
    const own = s.data.subarray(at * m, (at + 1) * m) as Float64Array;
    const head = Math.floor(at / (L * h)) * h + (at % h);
    const { maximum } = call.attrs;
    const M = maximum === 'vector' ? Math.max(...own) : maximum === 'sequence' && top ? top.data[head] : 0;
    each(at, own, (x ? x.data.subarray(at * d, (at + 1) * d) : new Float64Array(0)) as Float64Array, M);
  }
}

export function forward(call: Call): void {
  const [s, , lengths] = call.inputs;
  const [phi, top] = call.outputs;
  const { kernel, maximum, eps } = call.attrs;
  if (!s || !phi) return;
  const [B, L, h, m] = s.shape;
  if (top && kernel === 'softmax' && maximum === 'sequence')
    for (let b = 0; b < B; b++)
      for (let head = 0; head < h; head++)
        top.data[b * h + head] = largest(s, b, head, lengths ? Math.max(0, lengths.data[b]) : L);
  vectors(call, top, (at, own, x, M) => {
    const values =
      kernel === 'relu'
        ? own.map((v) => Math.max(v, 0) + eps)
        : exponentials(own, x, M).map((e) => e + eps / Math.sqrt(m));
    phi.data.set(values, at * m);
  });
}

export function backward(call: Call): void {
  const [g] = call.gradOutputs;
  const [gs, gx] = call.gradInputs;
  if (!g) return;
  const m = g.shape[3];
  vectors(call, call.outputs[1], (at, own, x, M) => {
    const up = g.data.subarray(at * m, (at + 1) * m);
    if (call.attrs.kernel === 'relu') {
      gs?.data.set(
        own.map((v, r) => (v > 0 ? up[r] : 0)),
        at * m,
      );
      return;
    }
    const ds = exponentials(own, x, M).map((e, r) => e * up[r]);
    const sum = ds.reduce((a, b) => a + b, 0);
    gs?.data.set(ds, at * m);
    gx?.data.set(
      x.map((v) => (-v * sum) / Math.sqrt(x.length)),
      at * x.length,
    );
  });
}
