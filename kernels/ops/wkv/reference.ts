/** Forward by the recurrence; backward by the definition, every pair of steps on its own. */
import type { NdArray, ReferenceCall } from '../op.ts';
import { fastest, nothing, stride } from './op.ts';

interface Channel {
  d: number;
  first: number;
  /** Where step t of this channel lies in (B, T, C). */
  at: (t: number) => number;
  /** Where row r of state i lies. */
  stateAt: (i: number, r: number) => number;
  T: number;
  c: number;
  b: number;
}

function eachChannel([k, , decay, first]: (NdArray | null)[], visit: (channel: Channel) => void): void {
  const [B, T, C] = (k as NdArray).shape;
  const n = Math.ceil(T / stride) + 1;
  for (let b = 0; b < B; b++)
    for (let c = 0; c < C; c++)
      visit({
        d: Math.min(Math.exp((decay as NdArray).data[c]), fastest),
        first: (first as NdArray).data[c],
        at: (t) => (b * T + t) * C + c,
        stateAt: (i, r) => ((b * n + i) * 3 + r) * C + c,
        T,
        c,
        b,
      });
}

type State = [a: number, b: number, o: number];

/** One step: y_t, log of its denominator, and the state after it. */
function step([a, b, o]: State, k: number, v: number, d: number, first: number) {
  const top = Math.max(o, first + k);
  const [old, now] = [Math.exp(o - top), Math.exp(first + k - top)];
  const denominator = old * b + now;
  const next = Math.max(o - d, k);
  const [f, e] = [Math.exp(o - d - next), Math.exp(k - next)];
  return {
    y: (old * a + now * v) / denominator,
    lse: top + Math.log(denominator),
    state: [f * a + e * v, f * b + e, next] as State,
  };
}

export function forward({ inputs, outputs: [y, states] }: ReferenceCall): void {
  const [k, v, , , start] = inputs as NdArray[];
  const C = k.shape[2];
  eachChannel(inputs, ({ d, first, at, stateAt, T, b, c }) => {
    let state: State = start ? ([0, 1, 2].map((r) => start.data[(b * 3 + r) * C + c]) as State) : [0, 0, nothing];
    const keep = (i: number) => {
      for (let r = 0; states && r < 3; r++) states.data[stateAt(i, r)] = state[r];
    };
    for (let t = 0; t < T; t++) {
      if (t % stride === 0) keep(t / stride);
      const now = step(state, k.data[at(t)], v.data[at(t)], d, first);
      if (y) y.data[at(t)] = now.y;
      state = now.state;
    }
    keep(Math.ceil(T / stride));
  });
}

export function backward({ inputs, outputs: [, states], gradOutputs: [g], gradInputs }: ReferenceCall): void {
  if (!g || !states) return;
  const [k, v] = inputs as NdArray[];
  const [gk, gv, gDecay, gFirst] = gradInputs;
  eachChannel(inputs, ({ d, first, at, stateAt, T, c }) => {
    let state = [0, 1, 2].map((r) => states.data[stateAt(0, r)]) as State;
    for (let t = 0; t < T; t++) {
      const now = step(state, k.data[at(t)], v.data[at(t)], d, first);
      state = now.state;
      for (let i = 0; i <= t; i++) {
        const age = i === t ? 0 : t - 1 - i;
        const weight = Math.exp(k.data[at(i)] + (i === t ? first : -age * d) - now.lse);
        const pull = g.data[at(t)] * weight * (v.data[at(i)] - now.y);
        if (gv) gv.data[at(i)] += g.data[at(t)] * weight;
        if (gk) gk.data[at(i)] += pull;
        if (gFirst && i === t) gFirst.data[c] += pull;
        if (gDecay) gDecay.data[c] -= d * age * pull;
      }
    }
  });
  // What was seen before step 0 ages too: its share of the decay's gradient.
  if (gDecay) stateAge(inputs, states, g, gDecay);
}

/** The weight of the initial state falls by d a step: a and b are its numerator and denominator. */
function stateAge(inputs: (NdArray | null)[], states: NdArray, g: NdArray, gDecay: NdArray): void {
  const [k, v] = inputs as NdArray[];
  eachChannel(inputs, ({ d, first, at, stateAt, T, c }) => {
    const [a, b, o] = [0, 1, 2].map((r) => states.data[stateAt(0, r)]);
    let state: State = [a, b, o];
    for (let t = 0; t < T; t++) {
      const now = step(state, k.data[at(t)], v.data[at(t)], d, first);
      state = now.state;
      gDecay.data[c] -= d * t * g.data[at(t)] * Math.exp(o - t * d - now.lse) * (a - b * now.y);
    }
  });
}
