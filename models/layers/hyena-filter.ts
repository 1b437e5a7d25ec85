/** Hyena's implicit kernels: a network of sines on positional features, under a decaying window. See `mixers/hyena.ts`. */

import { mul } from '../../kernels/ops/binary/op.ts';
import { matmul } from '../../kernels/ops/matmul/op.ts';
import { permute } from '../../kernels/ops/permute/op.ts';
import { sineMap } from '../../kernels/ops/sine-map/op.ts';
import { slice } from '../../kernels/ops/slice/op.ts';
import { exp, scale } from '../../kernels/ops/unary/op.ts';
import type { Streams } from '../../kernels/tensor/random.ts';
import type { Tape } from '../../kernels/tensor/tape.ts';
import type { Tensor } from '../../kernels/tensor/tensor.ts';
import { flag, type Options, oneOf, positive, rate, real, whole } from '../options.ts';
import type { StoreView } from '../parameters.ts';
import { Linear } from './linear.ts';
import { pipe } from './pipe.ts';

export interface HyenaFilterConfig {
  /** Width of the network. */
  filterWidth: number;
  /** Hidden maps between the first and the last. */
  filterInner: number;
  /** Positional features, odd, at least 3: time, and cosine and sine of (features - 1)/2 bands. */
  features: number;
  /** Initial frequency of the sines. */
  frequency: number;
  /** Whether the kernels are multiplied by exp(-t |delta|) + shift. */
  modulate: boolean;
  shift: number;
  /** delta runs from log(target)/slow to log(target)/fast: kernels reach `target` after this part of the sequence. */
  slow: number;
  fast: number;
  target: number;
  layout: 'standalone' | 'full';
  /** Learning rate of the network (no weight decay); null: the run's. */
  filterLr: number | null;
  /** Learning rate of the features; 0: they are constants; null: the run's. */
  featureLr: number | null;
}

export const hyenaFilterOptions: Options<HyenaFilterConfig> = {
  filterWidth: whole(1),
  filterInner: whole(0),
  features: whole(3),
  frequency: real,
  modulate: flag,
  shift: real,
  slow: positive,
  fast: positive,
  target: positive,
  layout: oneOf('standalone', 'full'),
  filterLr: rate,
  featureLr: rate,
};

export const hyenaFilterDefaults: HyenaFilterConfig = {
  filterWidth: 64,
  filterInner: 2,
  features: 3,
  frequency: 1,
  modulate: true,
  shift: 0,
  slow: 1.5,
  fast: 0.3,
  target: 0.01,
  layout: 'standalone',
  filterLr: 0.001,
  featureLr: 1e-5,
};

/** n values from first to last, evenly; n = 1: the first. */
const even = (first: number, last: number, n: number): number[] =>
  Array.from({ length: n }, (_, i) => (n === 1 ? first : first + ((last - first) * i) / (n - 1)));

/** z (T, features) of the time axis of T steps. */
export function positionalFeatures(T: number, features: number): Float64Array {
  const bands = even(1e-4, (features - 1) / 2 - 1, (features - 1) / 2);
  const times = even(0, 1, T);
  return Float64Array.from(
    times.flatMap((time, j) => {
      const angles = bands.map((f) => (f * 2 * Math.PI * j) / T);
      return [time, ...angles.map(Math.cos), ...angles.map((a) => -Math.sin(a))];
    }),
  );
}

export class HyenaFilter {
  readonly #features: Tensor;
  readonly #frequency: Tensor;
  readonly #hidden: Linear[];
  readonly #last: Linear;
  readonly #bias: Tensor;

  /** `count` kernels for each of `width` channels, defined on at most T steps. Bias ~ N(0, 1). */
  constructor(
    store: StoreView,
    readonly width: number,
    readonly count: number,
    readonly T: number,
    readonly config: HyenaFilterConfig,
    streams: Streams,
  ) {
    const { filterWidth: F, filterInner, features: E, frequency, filterLr, featureLr } = config;
    if (E < 3 || E % 2 !== 1)
      throw new RangeError(`Hyena has ${E} positional features: it needs an odd number of at least 3`);
    const rows = width * count;
    this.#bias = store.add('bias', () => streams.get('init').normals(rows), [rows]);
    const z = () => positionalFeatures(T, E);
    this.#features =
      featureLr === 0
        ? store.addBuffer('pos_emb.z', z, [1, T, E])
        : store.add('pos_emb.z', z, [1, T, E], { ...(featureLr === null ? {} : { lr: featureLr }), weightDecay: 0 });
    const net = store.at('implicit_filter');
    const hints = { ...(filterLr === null ? {} : { lr: filterLr }), weightDecay: 0 };
    this.#hidden = Array.from(
      { length: 1 + filterInner },
      (_, i) => new Linear(net.at(String(2 * i)), i === 0 ? E : F, F, streams, { hints }),
    );
    this.#frequency = net.add('1.freq', () => new Float64Array(F).fill(frequency), [1, F], hints);
    this.#last = new Linear(net.at(String(2 * filterInner + 2)), F, rows, streams, { bias: false, hints });
  }

  /** (count, width, length). */
  kernels(t: Tape, length: number): Tensor {
    const { width: D, count, T } = this;
    const { features: E } = this.config;
    if (length > T)
      throw new RangeError(`Hyena's kernels are defined on ${T} steps: a sequence of ${length} needs a longer model`);
    const last = this.#reordered(t, this.#last.weight);
    const frequency = t.reshape(this.#frequency, [this.config.filterWidth]);
    return pipe(t, this.#features, [
      (z) => t.reshape(length < T ? slice(t, z, { axis: 1, start: 0, length }) : z, [length, E]),
      ...this.#hidden.map((map) => (h: Tensor) => sineMap(t, h, map.weight, map.bias as Tensor, frequency)),
      (h) => matmul(t, last, h, { transB: true }),
      (k) => (this.config.modulate ? mul(t, k, this.#window(t, length)) : k),
      (k) => t.reshape(k, [count, D, length]),
    ]);
  }

  /** Skip terms (count, width). */
  bias(t: Tape): Tensor {
    const { width, count } = this;
    return t.reshape(this.#reordered(t, t.reshape(this.#bias, [width * count, 1])), [count, width]);
  }

  /** Rows of kernels in the order (o, d), from the layout's. */
  #reordered(t: Tape, x: Tensor): Tensor {
    const { width: D, count } = this;
    const [rows, n] = x.shape;
    if (count === 1 || this.config.layout === 'standalone') return x;
    return t.reshape(permute(t, t.reshape(x, [D, count, n]), [1, 0, 2]), [rows, n]);
  }

  /** exp(-t_j |delta_c|) + shift, (count width, length), rows in the order (o, d). */
  #window(t: Tape, length: number): Tensor {
    const { width: D, count, T } = this;
    const { slow, fast, target, shift, layout } = this.config;
    const rows = D * count;
    const deltas = even(Math.log(target) / slow, Math.log(target) / fast, rows).map(Math.abs);
    const own = (r: number) => (layout === 'full' ? (r % D) * count + Math.floor(r / D) : r);
    const rates = Array.from({ length: rows }, (_, r) => -deltas[own(r)]);
    const times = Array.from({ length }, (_, j) => (T === 1 ? 0 : j / (T - 1)));
    return pipe(t, t.tensor(rates, [rows, 1]), [
      (x) => mul(t, x, t.tensor(times, [1, length])),
      (x) => exp(t, x),
      (x) => (shift === 0 ? x : scale(t, x, 1, shift)),
    ]);
  }
}
