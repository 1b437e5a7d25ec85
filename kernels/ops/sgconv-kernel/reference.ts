import type { NdArray, ReferenceCall } from '../op.ts';
import { fullLength, isSum, ratio, type SgconvAttrs, stretch } from './op.ts';

/** Calls visit(w index, k index, weight) for every use of a weight in a tap, decay and norm included. */
function eachTerm(
  shape: readonly number[],
  norm: NdArray,
  decay: NdArray | null,
  attrs: SgconvAttrs,
  visit: (w: number, k: number, weight: number, h: number, l: number) => void,
): void {
  const [n, C, H, d] = shape;
  const { interpolation, length } = attrs;
  for (let i = 0; i < n; i++) {
    const s = stretch(attrs, i);
    const offset = isSum(attrs.mode) || i === 0 ? 0 : d * s;
    for (let c = 0; c < C; c++)
      for (let h = 0; h < H; h++) {
        const scale = ratio(attrs, h, H) ** (n - 1 - i) / norm.data[c * H + h];
        const from = ((i * C + c) * H + h) * d;
        for (let t = 0; t < d * s && offset + t < length; t++) {
          const l = offset + t;
          const k = (c * H + h) * length + l;
          const weight = scale * (decay ? (l + 1) ** -decay.data[h] : 1);
          const p = interpolation === 'nearest' ? Math.floor(t / s) : Math.max((t + 0.5) / s - 0.5, 0);
          const a = Math.floor(p);
          visit(from + a, k, weight * (1 - (p - a)), h, l);
          if (p > a) visit(from + Math.min(a + 1, d - 1), k, weight * (p - a), h, l);
        }
      }
  }
}

export function forward({ inputs: [w, norm, decay], outputs: [k], attrs }: ReferenceCall<SgconvAttrs>): void {
  if (w && norm && k)
    eachTerm(w.shape, norm, decay, attrs, (from, to, weight) => {
      k.data[to] += weight * w.data[from];
    });
}

export function backward(call: ReferenceCall<SgconvAttrs>): void {
  const [, norm, decay] = call.inputs;
  const [g] = call.gradOutputs;
  const [gw, , gDecay] = call.gradInputs;
  if (!g || !norm) return;
  if (gw)
    eachTerm(gw.shape, norm, decay, call.attrs, (from, to, weight) => {
      gw.data[from] += weight * g.data[to];
    });
  const [k] = call.outputs;
  if (!gDecay || !k) return;
  // dk/da_h = -log(l+1) k
  const [C, H, L] = k.shape;
  for (let c = 0; c < C; c++)
    for (let h = 0; h < H; h++)
      for (let l = 0; l < L; l++) {
        const i = (c * H + h) * L + l;
        gDecay.data[h] -= Math.log(l + 1) * k.data[i] * g.data[i];
      }
}

/**
 * Norm (C,H,1) of the whole kernel, as recorded at the first use: computed before truncation, one row at a time, so that
 * a kernel of a million taps needs the memory of one row.
 */
export function wholeKernelNorm(w: NdArray, decay: NdArray | null, attrs: SgconvAttrs): Float64Array {
  const [n, C, H, d] = w.shape;
  const length = fullLength(n, d, attrs.octaves);
  const one: NdArray = { data: Float64Array.of(1), shape: [1, 1, 1] };
  const k: NdArray = { data: new Float64Array(length), shape: [1, 1, length] };
  return Float64Array.from({ length: C * H }, (_, r) => {
    const h = r % H;
    const mu = ratio(attrs, h, H);
    const row: NdArray = { data: new Float64Array(n * d), shape: [n, 1, 1, d] };
    for (let i = 0; i < n; i++) for (let j = 0; j < d; j++) row.data[i * d + j] = w.data[(i * C * H + r) * d + j];
    const own = decay && { data: Float64Array.of(decay.data[h]), shape: [1] };
    k.data.fill(0);
    const call = { inputs: [row, one, own], outputs: [k], gradOutputs: [], gradInputs: [] };
    forward({ ...call, attrs: { ...attrs, length, decayMin: mu, decayMax: mu } });
    let sum = 0;
    for (let l = 0; l < length; l++) sum += k.data[l] ** 2;
    return Math.sqrt(sum);
  });
}
