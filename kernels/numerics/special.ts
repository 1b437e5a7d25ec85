/** Special functions in float64. */

/** The error function to about 1e-16 absolute: a power series near zero, a continued fraction for erfc beyond. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; n < 200; n++) {
      term *= (2 * x * x) / (2 * n + 1); // the series with all terms of one sign: erf = 2/sqrt(pi) e^{-x^2} sum
      sum += term;
      if (Math.abs(term) < 1e-17 * Math.abs(sum)) break;
    }
    return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
  }
  return Math.sign(x) * (1 - erfcTail(a));
}

/** erfc for x >= 2.5 by Lentz's continued fraction. */
function erfcTail(x: number): number {
  let f = x;
  let c = x;
  let d = 0;
  for (let n = 1; n < 400; n++) {
    const a = n / 2;
    d = 1 / (x + a * d);
    c = x + a / c;
    f *= c * d;
    if (Math.abs(c * d - 1) < 1e-16) break;
  }
  return Math.exp(-x * x) / (f * Math.sqrt(Math.PI));
}
