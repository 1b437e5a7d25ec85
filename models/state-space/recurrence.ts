/**
 * The recurrent form of a state space, made from float64 modes, and the two other pieces that recurrences are put
 * together from: maps of single positions, and filters that look a few steps back.
 *
 *   x_t = a x_{t-1} + u_t,  y_t = Re sum_n c_n x_t[n] + D u_t     so that k[l] = Re sum_n c_n a_n^l
 *
 * A mixer reads its parameters once (`Mixer.recurrence` may wait for the device), discretises them here on the host in
 * float64, and what rounding to the device's precision loses is kept as well: the state does not drift, however many
 * steps it is moved along (`kernels/ops/state-steps`).
 */
import { concat } from '../../kernels/ops/concat/op.ts';
import { slice } from '../../kernels/ops/slice/op.ts';
import { stateSteps } from '../../kernels/ops/state-steps/op.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import type { Recurrence } from '../mixer.ts';

/** One system for each of H channels; complex numbers as (re, im) pairs, h slower than n. */
export interface Modes {
  /** H. */
  width: number;
  /** N, modes of a channel that are stored. Where conjugates are implied, c has the factor 2. */
  modes: number;
  /** Outputs of a channel, C. */
  channels: number;
  /** Abar, (H, N). */
  a: Float64Array;
  /** Output times input vector, (C, H, N); with `lowRank` the output vector alone. */
  c: Float64Array;
  /** x_t = a x_{t-1} + sum_r w_r Re(q_r x_{t-1}) + b u_t: b (H, N), w and q (R, H, N). */
  lowRank?: { rank: number; b: Float64Array; w: Float64Array; q: Float64Array };
}

/** u (B, M, H) to y (B, M, C H), channel k H + h; D (C, H) or null. */
export function stateSpaceRecurrence(t: Tape, modes: Modes, D: Tensor | null): Recurrence {
  const { width: H, modes: N, channels, a, c, lowRank } = modes;
  const rank = lowRank?.rank ?? 0;
  const values = turned(lowRank ? [a, lowRank.b, lowRank.w, lowRank.q, c] : [a, c], H, N);
  const shape = [values.length / (2 * N * H), N, 2, H];
  const rows = t.tensor(values, shape);
  const rest =
    t.device.real === 'f64'
      ? null
      : t.tensor(
          values.map((x) => x - Math.fround(x)),
          shape,
        );
  return {
    start: (batch) => [t.tensor(new Float64Array(batch * N * 2 * H), [batch, N, 2, H])],
    advance(step, u, [state]) {
      const next = stateSteps(step, { u, rows, rest, D, state }, { channels, rank });
      return { y: next.y, state: [next.state] };
    },
  };
}

/** Rows (.., H, N) of pairs as (.., N, 2, H). */
function turned(rows: Float64Array[], H: number, N: number): Float64Array {
  const size = 2 * H * N;
  const out = new Float64Array(rows.reduce((n, row) => n + row.length, 0));
  let at = 0;
  for (const row of rows)
    for (let k = 0; k < row.length; k += size, at += size)
      for (let h = 0; h < H; h++) for (let i = 0; i < 2 * N; i++) out[at + i * H + h] = row[k + 2 * h * N + i];
  return out;
}

/** A map of single positions: nothing to remember. */
export const positionwise = (map: (t: Tape, x: Tensor) => Tensor): Recurrence => ({
  start: () => [],
  advance: (t, x) => ({ y: map(t, x), state: [] }),
});

/**
 * A causal map that looks `past` steps back (a short filter, a shift): the state is the last inputs, (B, past, H).
 * `map` takes (B, past + M, H) to a tensor of as many steps, of which the last M count; before the sequence are zeros.
 */
export function looksBack(
  home: Tape,
  { past, width }: { past: number; width: number },
  map: (t: Tape, x: Tensor) => Tensor,
): Recurrence {
  if (past === 0) return positionwise(map);
  return {
    start: (batch) => [home.tensor(new Float64Array(batch * past * width), [batch, past, width])],
    advance(t, x, [before]) {
      const M = x.shape[1];
      const [y, state] = t.scope(() => {
        const all = concat(t, [before, x], 1);
        return [
          slice(t, map(t, all), { axis: 1, start: past, length: M }),
          slice(t, all, { axis: 1, start: M, length: past }),
        ];
      });
      return { y, state: [state] };
    },
  };
}
