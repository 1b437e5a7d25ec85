import type { NdArray, ReferenceCall } from '../op.ts';
import { type LshAttentionAttrs, lshSizes, selfScore } from './op.ts';

interface Pair {
  /** Step of the key, and whether the score is the constant one. */
  j: number;
  itself: boolean;
  score: number;
}
interface HeadView {
  b: number;
  e: number;
  /** Where the vector of step l starts. */
  at(l: number): number;
  /** Entries of the sorted list. */
  list: number[];
  /** What entry `i` of the list sees. */
  seen(i: number): Pair[];
  /** Each step's key: the unit vector, and the length that it was divided by. */
  keys: { unit: number[]; norm: number }[];
}

/** Visits every head of every sequence. */
function heads({ inputs, attrs }: ReferenceCall<LshAttentionAttrs>, visit: (head: HeadView) => void): void {
  const [qk, , order, buckets, lengths] = inputs as NdArray[];
  const { B, L, h, d, R } = lshSizes(inputs.map((x) => x?.shape ?? null));
  const { chunk, causal, within, scale } = attrs;
  for (let b = 0; b < B; b++)
    for (let e = 0; e < h; e++) {
      const at = (l: number) => ((b * L + l) * h + e) * d;
      const keys = Array.from({ length: L }, (_, l) => {
        const x = Array.from(qk.data.slice(at(l), at(l) + d));
        const norm = Math.max(Math.hypot(...x), 1e-12);
        return { unit: x.map((a) => a / norm), norm };
      });
      const base = (b * h + e) * R * L;
      const count = R * (lengths ? Math.max(0, Math.min(L, lengths.data[b])) : L);
      const list = Array.from(order.data.slice(base, base + count));
      const chunks = Math.ceil(count / chunk);
      const members = (c: number) => list.slice(c * chunk, (c + 1) * chunk);
      const seen = (i: number): Pair[] => {
        const own = Math.floor(i / chunk);
        const [step, bucket] = [list[i] % L, buckets.data[base + list[i]]];
        return [...members(own), ...members((own + chunks - 1) % chunks)].flatMap((entry): Pair[] => {
          const j = entry % L;
          if (causal && j > step) return [];
          if (within && buckets.data[base + entry] !== bucket) return [];
          if (j === step) return [{ j, itself: true, score: selfScore }];
          let product = 0;
          for (let c = 0; c < d; c++) product += keys[j].unit[c] * qk.data[at(step) + c];
          return [{ j, itself: false, score: scale * product }];
        });
      };
      visit({ b, e, at, list, seen, keys });
    }
}

/** Of one entry: its probabilities, their average of v, and the log-sum-exp of its scores. */
function attend(v: NdArray, d: number, at: (l: number) => number, pairs: Pair[]) {
  const max = Math.max(...pairs.map((x) => x.score));
  const p = pairs.map((x) => Math.exp(x.score - max));
  const sum = p.reduce((a, b) => a + b, 0);
  const P = p.map((x) => x / sum);
  const o = Array.from({ length: d }, (_, c) => pairs.reduce((s, { j }, i) => s + P[i] * v.data[at(j) + c], 0));
  return { P, o, max, sum, lse: max + Math.log(sum) };
}

/** The entries of each step, in order of their places in the list. */
function places(list: number[], L: number): number[][] {
  const of = Array.from({ length: L }, (): number[] => []);
  for (const [i, entry] of list.entries()) of[entry % L].push(i);
  return of;
}

export function forward(call: ReferenceCall<LshAttentionAttrs>): void {
  const { inputs, outputs } = call;
  const v = inputs[1] as NdArray;
  const [y, top, sum] = outputs as NdArray[];
  const [, L, h, d] = v.shape;
  heads(call, ({ b, e, at, list, seen }) => {
    for (const [l, own] of places(list, L).entries()) {
      if (!own.length) continue;
      const rounds = own.map((i) => attend(v, d, at, seen(i)));
      const most = Math.max(...rounds.map((r) => r.lse));
      const w = rounds.map((r) => Math.exp(r.lse - most));
      const total = w.reduce((s, x) => s + x, 0);
      for (let c = 0; c < d; c++) y.data[at(l) + c] = rounds.reduce((s, r, i) => s + (w[i] / total) * r.o[c], 0);
      const max = Math.max(...rounds.map((r) => r.max));
      top.data[(b * h + e) * L + l] = max * Math.LOG2E;
      sum.data[(b * h + e) * L + l] = rounds.reduce((s, r) => s + r.sum * Math.exp(r.max - max), 0);
    }
  });
}

export function backward(call: ReferenceCall<LshAttentionAttrs>): void {
  const {
    inputs,
    attrs,
    gradOutputs: [g],
    gradInputs: [gqk, gv],
  } = call;
  const [qk, v] = inputs as NdArray[];
  const [, L, , d] = v.shape;
  if (!g) return;
  const dot = (a: ArrayLike<number>, i: number, b: ArrayLike<number>, j: number) => {
    let s = 0;
    for (let c = 0; c < d; c++) s += a[i + c] * b[j + c];
    return s;
  };
  heads(call, ({ at, list, seen, keys }) => {
    const dk = Array.from({ length: L }, () => new Float64Array(d));
    for (const [l, own] of places(list, L).entries()) {
      const rounds = own.map((i) => {
        const pairs = seen(i);
        return { pairs, ...attend(v, d, at, pairs) };
      });
      const most = Math.max(...rounds.map((r) => r.lse));
      const total = rounds.reduce((s, r) => s + Math.exp(r.lse - most), 0);
      const w = rounds.map((r) => Math.exp(r.lse - most) / total);
      // g o_r of each round, and of the sum of the rounds.
      const go = rounds.map((r) => dot(g.data, at(l), r.o, 0));
      const gy = go.reduce((s, x, i) => s + w[i] * x, 0);
      for (const [r, { pairs, P }] of rounds.entries())
        for (const [i, { j, itself }] of pairs.entries()) {
          const dP = w[r] * dot(g.data, at(l), v.data, at(j));
          const dS = itself ? 0 : attrs.scale * P[i] * (dP - w[r] * go[r] + w[r] * (go[r] - gy));
          const { unit } = keys[j];
          for (let c = 0; c < d; c++) {
            if (gv) gv.data[at(j) + c] += w[r] * P[i] * g.data[at(l) + c];
            if (gqk) gqk.data[at(l) + c] += dS * unit[c];
            dk[j][c] += dS * qk.data[at(l) + c];
          }
        }
    }
    for (let l = 0; gqk && l < L; l++) {
      const { unit, norm } = keys[l];
      const along = norm > 1e-12 ? dot(unit, 0, dk[l], 0) : 0;
      for (let c = 0; c < d; c++) gqk.data[at(l) + c] += (dk[l][c] - along * unit[c]) / norm;
    }
  });
}
