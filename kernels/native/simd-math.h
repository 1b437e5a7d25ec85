// Vector transcendentals in single precision. Each states its largest error, measured over its whole range.
#pragma once
#include "simd.h"

namespace longconv {
namespace {

/** Round to the nearest integer, |x| < 2^22. */
LC_INLINE V round_even(V x) {
  const V magic = splat(12582912.0f);  // 1.5 * 2^23
  return (x + magic) - magic;  // not folded: the build never allows re-association
}

/** 2^n for integral n in [-126, 127]. */
LC_INLINE V exp2_int(V n) {
  return as_float((__builtin_convertvector(n, VI) + splati(127)) << splati(23));
}

/** e^x; relative error below 2e-7; 0 below -87.3, saturates near 3.4e38 above 88.7. */
LC_INLINE V vexp(V x) {
  x = vmin(vmax(x, splat(-87.3365f)), splat(88.7228f));
  V n = round_even(x * splat(1.44269504088896341f));
  V r = fma(n, splat(-0.693145751953125f), x);
  r = fma(n, splat(-1.42860682030941723e-6f), r);
  V p = splat(1.9875691500e-4f);
  p = fma(p, r, splat(1.3981999507e-3f));
  p = fma(p, r, splat(8.3334519073e-3f));
  p = fma(p, r, splat(4.1665795894e-2f));
  p = fma(p, r, splat(1.6666665459e-1f));
  p = fma(p, r, splat(5.0000001201e-1f));
  p = fma(p, r * r, r) + splat(1.0f);
  V half = round_even(n * splat(0.5f));  // in two steps, so that n = 128 does not overflow the exponent
  return p * exp2_int(half) * exp2_int(n - half);
}

/** 2^x for x <= 127; relative error below 2e-7; everything under 2^-125 gives about that. Cheaper than vexp. */
LC_INLINE V vexp2(V x) {
  const V magic = splat(12582912.0f);
  x = vmax(x, splat(-125.0f));
  V t = x + magic, r = x - (t - magic);
  V p = splat(1.326472731e-3f);
  p = fma(p, r, splat(9.671512991e-3f));
  p = fma(p, r, splat(5.550733581e-2f));
  p = fma(p, r, splat(2.402224243e-1f));
  p = fma(p, r, splat(6.931470037e-1f));
  p = fma(p, r, splat(1.0f));
  return as_float(as_int(p) + (as_int(t) << splati(23)));  // the rounded exponent sits in t's low bits
}

LC_INLINE V vsigmoid(V x) { return splat(1.0f) / (splat(1.0f) + vexp(V{} - x)); }

/** tanh x; relative error below 4e-7. */
LC_INLINE V vtanh(V x) {
  V a = vabs(x);
  V e = vexp(a * splat(-2.0f));
  V big = (splat(1.0f) - e) / (splat(1.0f) + e);
  V s = x * x;
  V p = splat(-5.70498872745e-3f);
  p = fma(p, s, splat(2.06390887954e-2f));
  p = fma(p, s, splat(-5.37397155531e-2f));
  p = fma(p, s, splat(1.33314422036e-1f));
  p = fma(p, s, splat(-3.33332819422e-1f));
  V small = fma(p * s, x, x);
  return a < splat(0.625f) ? small : copysign(big, x);
}

/** Phi(x), the normal distribution function; absolute error below 2e-7 (erfc by Abramowitz & Stegun 7.1.26's form). */
LC_INLINE V vphi(V x) {
  V a = vabs(x) * splat(0.70710678118654752f);
  V t = splat(1.0f) / fma(splat(0.3275911f), a, splat(1.0f));
  V p = splat(1.061405429f);
  p = fma(p, t, splat(-1.453152027f));
  p = fma(p, t, splat(1.421413741f));
  p = fma(p, t, splat(-0.284496736f));
  p = fma(p, t, splat(0.254829592f));
  V tail = splat(0.5f) * p * t * vexp(V{} - a * a);
  return x < V{} ? tail : splat(1.0f) - tail;
}

}  // namespace
}  // namespace longconv
