/**
 * Elementary functions from + - * / and square roots alone, which IEEE 754 rounds in one way only: the same bits under
 * every engine. `Math.exp`, `log`, `sin`, `cos`, `hypot`, `atan2` and `**` are not like that: JavaScriptCore and V8
 * differ in last bits, and a generator that uses them has a checksum for each of them.
 */

const LN2_HIGH = 0.6931471803691238; // 33 bits: a multiple by an exponent is exact
const LN2_LOW = 1.9082149292705877e-10;

const double = new Float64Array(1);
const words = new Uint32Array(double.buffer); // little endian, as every machine here is

/** 2^k for -1022 <= k <= 1023. */
function powerOfTwo(k: number): number {
  words[0] = 0;
  words[1] = (k + 1023) << 20;
  return double[0];
}

/** e^x within an ulp. Results below 2^-1022 are 0. */
export function exp(x: number): number {
  if (x > 709.782712893384) return Number.POSITIVE_INFINITY;
  if (!(x > -708)) return Number.isNaN(x) ? x : 0;
  const k = Math.round(x * Math.LOG2E);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let sum = 1;
  for (let n = 14; n > 0; n--) sum = 1 + (r / n) * sum; // Taylor: |r| < 0.35, the term left out is below 1e-18
  return k === 1024 ? 2 * sum * powerOfTwo(1023) : sum * powerOfTwo(k);
}

/** ln x within an ulp or two, for normal numbers x > 0. */
export function log(x: number): number {
  if (!(x >= 2.2250738585072014e-308 && x < Number.POSITIVE_INFINITY))
    throw new RangeError(`log takes a normal number above 0, not ${x}`);
  double[0] = x;
  let k = (words[1] >>> 20) - 1023;
  words[1] = (words[1] & 0xfffff) | 0x3ff00000;
  let m = double[0];
  if (m > Math.SQRT2) {
    m /= 2;
    k++;
  }
  const f = m - 1;
  const s = f / (2 + f);
  const z = s * s;
  let tail = 0; // ln m = 2 atanh s = 2 (s + s^3 / 3 + s^5 / 5 ...), |s| < 0.172
  for (let n = 23; n >= 3; n -= 2) tail = z * (1 / n + tail);
  return k * LN2_HIGH + (f - s * (f - 2 * tail) + k * LN2_LOW); // 2 s = f - s f
}

/** Sine within an ulp or two for |x| < 100,000. */
export const sin = (x: number): number => circular(x, 0);
/** Cosine within an ulp or two for |x| < 100,000. */
export const cos = (x: number): number => circular(x, 1);

// pi / 2 in three parts, the first two with zeros at the end: their products with small integers are exact.
const HALF_PI_1 = 1.5707963267341256;
const HALF_PI_2 = 6.077100506303966e-11;
const HALF_PI_3 = 2.0222662487959506e-21;

/** sin(x + quarter pi / 2). */
function circular(x: number, quarter: number): number {
  if (!(Math.abs(x) < 1e5)) throw new RangeError(`sin and cos take numbers between -100000 and 100000, not ${x}`);
  const k = Math.round(x * 0.6366197723675814);
  const a = x - k * HALF_PI_1;
  const b = k * HALF_PI_2;
  const r = a - b;
  const low = a - r - b - k * HALF_PI_3; // what r lost
  const z = r * r;
  const at = (k + quarter) & 3;
  let sum = 0;
  if (at & 1) {
    for (let n = 18; n > 2; n -= 2) sum = (z / (n * (n - 1))) * (1 - sum);
    const value = 1 - (z / 2) * (1 - sum) - r * low;
    return at === 1 ? value : -value;
  }
  for (let n = 19; n > 1; n -= 2) sum = (z / (n * (n - 1))) * (1 - sum);
  const value = r - (r * sum - low);
  return at === 0 ? value : -value;
}

/**
 * The standard normal quantile of p, 0 < p < 1, to about 1e-15 relative (Wichura 1988, "Algorithm AS 241: The
 * percentage points of the normal distribution", PPND16).
 */
export function normalQuantile(p: number): number {
  const q = p - 0.5;
  if (Math.abs(q) <= 0.425) {
    const r = 0.180625 - q * q;
    return (q * polynomial(r, A)) / polynomial(r, B);
  }
  const r = Math.sqrt(-log(q < 0 ? p : 1 - p));
  const value = r <= 5 ? polynomial(r - 1.6, C) / polynomial(r - 1.6, D) : polynomial(r - 5, E) / polynomial(r - 5, F);
  return q < 0 ? -value : value;
}

/** A standard normal draw from a 32-bit word; between -6.4 and 6.4. */
export const normalOfWord = (word: number): number => normalQuantile((word + 0.5) / 4294967296);

/** Eight coefficients, the highest power first. */
function polynomial(x: number, c: readonly number[]): number {
  return ((((((c[0] * x + c[1]) * x + c[2]) * x + c[3]) * x + c[4]) * x + c[5]) * x + c[6]) * x + c[7];
}

const A = [
  2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987, 13731.69376550946, 1971.5909503065513,
  133.14166789178438, 3.3871328727963665,
];
const B = [
  5226.495278852854, 28729.085735721943, 39307.89580009271, 21213.794301586597, 5394.196021424751, 687.1870074920579,
  42.31333070160091, 1,
];
const C = [
  0.0007745450142783414, 0.022723844989269184, 0.2417807251774506, 1.2704582524523684, 3.6478483247632045,
  5.769497221460691, 4.630337846156546, 1.4234371107496835,
];
const D = [
  1.0507500716444169e-9, 0.0005475938084995345, 0.015198666563616457, 0.14810397642748008, 0.6897673349851,
  1.6763848301838038, 2.053191626637759, 1,
];
const E = [
  2.0103343992922881e-7, 2.7115555687434876e-5, 0.0012426609473880784, 0.026532189526576124, 0.29656057182850487,
  1.7848265399172913, 5.463784911164114, 6.657904643501103,
];
const F = [
  2.0442631033899397e-15, 1.421511758316446e-7, 1.8463183175100548e-5, 0.0007868691311456133, 0.014875361290850615,
  0.1369298809227358, 0.599832206555888, 1,
];
