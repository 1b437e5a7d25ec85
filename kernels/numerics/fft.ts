/**
 * Discrete Fourier transform in float64 for the references: any length (power of two by radix-2, the rest by
 * Bluestein's chirp), error about 1e-15 log2 n.
 */

const tables = new Map<number, { cos: Float64Array; sin: Float64Array }>();

/** cos and sin of 2 pi j / n for j < n/2, each computed from its own angle. */
function roots(n: number): { cos: Float64Array; sin: Float64Array } {
  let t = tables.get(n);
  if (!t) {
    const half = Math.max(1, n >> 1);
    t = { cos: new Float64Array(half), sin: new Float64Array(half) };
    for (let j = 0; j < half; j++) {
      t.cos[j] = Math.cos((2 * Math.PI * j) / n);
      t.sin[j] = Math.sin((2 * Math.PI * j) / n);
    }
    if (tables.size > 32) tables.clear();
    tables.set(n, t);
  }
  return t;
}

function powerOfTwo(re: Float64Array, im: Float64Array, sign: 1 | -1): void {
  const n = re.length;
  for (let i = 1, j = 0; i < n; i++) {
    let bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      [re[i], re[j]] = [re[j], re[i]];
      [im[i], im[j]] = [im[j], im[i]];
    }
  }
  const { cos, sin } = roots(n);
  for (let half = 1; half < n; half *= 2) {
    const step = n / (2 * half);
    for (let start = 0; start < n; start += 2 * half)
      for (let j = 0; j < half; j++) {
        const wr = cos[j * step];
        const wi = sign * sin[j * step];
        const a = start + j;
        const b = a + half;
        const xr = re[b] * wr - im[b] * wi;
        const xi = re[b] * wi + im[b] * wr;
        re[b] = re[a] - xr;
        im[b] = im[a] - xi;
        re[a] += xr;
        im[a] += xi;
      }
  }
}

/** X[k] = sum_j x[j] exp(sign 2 pi i j k / n), in place, without a factor 1/n. Default sign -1: the forward transform. */
export function fft(re: Float64Array, im: Float64Array, sign: 1 | -1 = -1): void {
  const n = re.length;
  if (n <= 1) return;
  if ((n & (n - 1)) === 0) {
    powerOfTwo(re, im, sign);
    return;
  }
  // Bluestein: j k = (j^2 + k^2 - (k - j)^2) / 2 turns the transform into a convolution with a chirp.
  const m = nextPowerOfTwo(2 * n - 1);
  const chirp = (j: number): [number, number] => {
    const angle = (sign * Math.PI * ((j * j) % (2 * n))) / n;
    return [Math.cos(angle), Math.sin(angle)];
  };
  const ar = new Float64Array(m);
  const ai = new Float64Array(m);
  const br = new Float64Array(m);
  const bi = new Float64Array(m);
  for (let j = 0; j < n; j++) {
    const [c, s] = chirp(j);
    ar[j] = re[j] * c - im[j] * s;
    ai[j] = re[j] * s + im[j] * c;
    br[j] = br[(m - j) % m] = c;
    bi[j] = bi[(m - j) % m] = -s;
  }
  powerOfTwo(ar, ai, -1);
  powerOfTwo(br, bi, -1);
  for (let j = 0; j < m; j++) {
    const x = ar[j] * br[j] - ai[j] * bi[j];
    ai[j] = ar[j] * bi[j] + ai[j] * br[j];
    ar[j] = x;
  }
  powerOfTwo(ar, ai, 1);
  for (let k = 0; k < n; k++) {
    const [c, s] = chirp(k);
    re[k] = (ar[k] * c - ai[k] * s) / m;
    im[k] = (ar[k] * s + ai[k] * c) / m;
  }
}

const nextPowerOfTwo = (n: number): number => 2 ** Math.ceil(Math.log2(Math.max(1, n)));

/**
 * The full linear convolution c[i] = sum_j a[j] b[i-j], of length |a| + |b| - 1: plain sums when that is cheap,
 * otherwise by one complex transform (a in the real part, b in the imaginary: the square's imaginary part is 2ab).
 */
export function convolve(a: Float64Array, b: Float64Array): Float64Array {
  const n = a.length + b.length - 1;
  const c = new Float64Array(n);
  if (Math.min(a.length, b.length) <= 64) {
    for (let i = 0; i < a.length; i++) for (let j = 0; j < b.length; j++) c[i + j] += a[i] * b[j];
    return c;
  }
  const m = nextPowerOfTwo(n);
  const re = new Float64Array(m);
  const im = new Float64Array(m);
  // Equal size keeps the rounding of the one out of the other.
  const scale = peak(b) > 0 && peak(a) > 0 ? peak(a) / peak(b) : 1;
  re.set(a);
  for (let i = 0; i < b.length; i++) im[i] = b[i] * scale;
  fft(re, im);
  for (let i = 0; i < m; i++) {
    const x = re[i] * re[i] - im[i] * im[i];
    im[i] *= 2 * re[i];
    re[i] = x;
  }
  fft(re, im, 1);
  for (let i = 0; i < n; i++) c[i] = im[i] / (2 * m * scale);
  return c;
}

const peak = (x: Float64Array): number => x.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
