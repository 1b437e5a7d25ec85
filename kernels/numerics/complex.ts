/** Complex numbers in float64, for references and host numerics (never for inner loops over time). */

export interface Complex {
  readonly re: number;
  readonly im: number;
}

export const complex = (re: number, im = 0): Complex => ({ re, im });
export const zero = complex(0);
export const one = complex(1);

/** Element i of an array of (re, im) pairs. */
export const pair = (data: ArrayLike<number>, i: number): Complex => ({ re: data[2 * i], im: data[2 * i + 1] });

export function setPair(data: Float64Array, i: number, { re, im }: Complex): void {
  data[2 * i] = re;
  data[2 * i + 1] = im;
}

export const add = (a: Complex, b: Complex): Complex => ({ re: a.re + b.re, im: a.im + b.im });
export const sub = (a: Complex, b: Complex): Complex => ({ re: a.re - b.re, im: a.im - b.im });
export const mul = (a: Complex, b: Complex): Complex => ({
  re: a.re * b.re - a.im * b.im,
  im: a.re * b.im + a.im * b.re,
});
/** a times a real number. */
export const scale = (a: Complex, s: number): Complex => ({ re: a.re * s, im: a.im * s });
export const conj = (a: Complex): Complex => ({ re: a.re, im: -a.im });
export const square = (a: Complex): number => a.re * a.re + a.im * a.im;

/** a / b by Smith's method: no overflow of |b|^2. */
export function div(a: Complex, b: Complex): Complex {
  if (Math.abs(b.re) >= Math.abs(b.im)) {
    const r = b.im / b.re;
    const d = b.re + b.im * r;
    return { re: (a.re + a.im * r) / d, im: (a.im - a.re * r) / d };
  }
  const r = b.re / b.im;
  const d = b.re * r + b.im;
  return { re: (a.re * r + a.im) / d, im: (a.im * r - a.re) / d };
}

export function exp(a: Complex): Complex {
  const m = Math.exp(a.re);
  return { re: m * Math.cos(a.im), im: m * Math.sin(a.im) };
}

/** e^a - 1 without cancellation near a = 0. */
export function expm1(a: Complex): Complex {
  const h = Math.sin(a.im / 2);
  return { re: Math.expm1(a.re) * Math.cos(a.im) - 2 * h * h, im: Math.exp(a.re) * Math.sin(a.im) };
}

/** log((1 + x/2) / (1 - x/2)), the logarithm of a bilinear step, accurate for small x. */
export function logBilinear(x: Complex): Complex {
  const below = (1 - x.re / 2) ** 2 + (x.im / 2) ** 2;
  return { re: 0.5 * Math.log1p((2 * x.re) / below), im: Math.atan2(x.im, 1 - square(x) / 4) };
}

/** phi(x) = (e^x - 1)/x and its derivative; both by their power series near 0. */
export function phi(x: Complex): { value: Complex; slope: Complex } {
  if (square(x) >= 0.25) {
    const e = expm1(x);
    const value = div(e, x);
    // phi' = (e^x - phi)/x
    return { value, slope: div(sub(add(e, one), value), x) };
  }
  let value = zero;
  let slope = zero;
  let term = one; // x^k / (k+1)!
  for (let k = 0; k < 18; k++) {
    value = add(value, term);
    slope = add(slope, scale(term, (k + 1) / (k + 2)));
    term = scale(mul(term, x), 1 / (k + 2));
  }
  return { value, slope };
}
