/**
 * Image reduction as Pillow's `resize(..., LANCZOS)` does it on 8-bit images: a separable Lanczos filter (a = 3)
 * stretched by the reduction factor, weights in 22-bit fixed point, rounded and clipped to 0..255 after the
 * horizontal and again after the vertical pass. Exact to the bit, because the generator's thresholds look at it.
 */
const PRECISION = 1 << 22;

interface Weights {
  /** First input sample of each output sample, and the fixed-point weights from there on. */
  first: number[];
  weights: Int32Array[];
}

const known = new Map<string, Weights>();

function lanczos(x: number): number {
  if (x < -3 || x >= 3) return 0;
  if (x === 0) return 1;
  const sinc = (y: number) => Math.sin(Math.PI * y) / (Math.PI * y);
  return sinc(x) * sinc(x / 3);
}

function weightsFor(from: number, to: number): Weights {
  const key = `${from}/${to}`;
  const old = known.get(key);
  if (old) return old;
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const support = 3 * stretch;
  const made: Weights = { first: [], weights: [] };
  for (let i = 0; i < to; i++) {
    const centre = (i + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - support + 0.5), 0);
    const end = Math.min(Math.trunc(centre + support + 0.5), from);
    const raw = Array.from({ length: end - first }, (_, x) => lanczos((x + first - centre + 0.5) / stretch));
    const total = raw.reduce((a, b) => a + b, 0);
    made.first.push(first);
    made.weights.push(
      Int32Array.from(raw, (w) => {
        const fixed = (w / total) * PRECISION;
        return Math.trunc(fixed < 0 ? fixed - 0.5 : fixed + 0.5);
      }),
    );
  }
  known.set(key, made);
  return made;
}

/** `image` (height x width) as (toHeight x toWidth). */
export function resize(
  image: Uint8Array,
  height: number,
  width: number,
  toHeight: number,
  toWidth: number,
): Uint8Array {
  const across = new Uint8Array(height * toWidth);
  pass(image, across, weightsFor(width, toWidth), height, [width, 1], [toWidth, 1]);
  const out = new Uint8Array(toHeight * toWidth);
  pass(across, out, weightsFor(height, toHeight), toWidth, [1, toWidth], [1, toWidth]);
  return out;
}

/** Filters `lines` lines; strides are [between lines, along a line]. */
function pass(
  from: Uint8Array,
  to: Uint8Array,
  { first, weights }: Weights,
  lines: number,
  [fromLine, fromStep]: [number, number],
  [toLine, toStep]: [number, number],
): void {
  for (let line = 0; line < lines; line++)
    for (let i = 0; i < first.length; i++) {
      const w = weights[i];
      let sum = PRECISION >> 1;
      for (let x = 0, at = line * fromLine + first[i] * fromStep; x < w.length; x++, at += fromStep)
        sum += from[at] * w[x];
      to[line * toLine + i * toStep] = Math.min(Math.max(sum >> 22, 0), 255);
    }
}
