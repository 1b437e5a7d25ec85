// Vector transcendentals in single precision. Each states its largest error, measured over its whole range on AVX-512,
// AVX2 and SSE2. A NaN in gives a NaN out.
#pragma once
#include "simd.h"

namespace longconv {
namespace {

/** 1 / x for normal x; relative error below 1e-7. */
LC_INLINE V reciprocal(V x) {
#if defined(__AVX512F__) && !defined(__clang__)
  // Division is slow in 512 bits: 14 bits from a table and one Newton step.
  const V r = __builtin_ia32_rcp14ps512_mask(x, V{}, uint16_t(0xffff));
  return fma(r, fma(V{} - x, r, splat(1)), r);
#else
  return splat(1.0f) / x;
#endif
}

/** e^(x + rest) for x in [-87.3365, 88.7228], rest small beside 1. */
LC_INLINE V exp_inside(V x, V rest) {
  const V magic = splat(12582912.0f);  // 1.5 * 2^23: its low bits hold the rounded integer
  const V t = fma(x, splat(1.44269504088896341f), magic);
  const V n = t - magic;  // not folded: the build never allows re-association
  V r = fma(n, splat(-0.693145751953125f), x);
  r = fma(n, splat(-1.42860682030941723e-6f), r) + rest;
  V p = splat(1.9875691500e-4f);
  p = fma(p, r, splat(1.3981999507e-3f));
  p = fma(p, r, splat(8.3334519073e-3f));
  p = fma(p, r, splat(4.1665795894e-2f));
  p = fma(p, r, splat(1.6666665459e-1f));
  p = fma(p, r, splat(5.0000001201e-1f));
  p = fma(p, r * r, r) + splat(1.0f);
  return as_float(as_int(p) + (as_int(t) << splati(23)));  // times 2^n, by the exponent's bits
}

/** e^x; relative error below 1e-7; at the ends it stays at 1.2e-38 and 3.4e38. */
LC_INLINE V vexp(V x) { return exp_inside(vmax(splat(-87.3365f), vmin(splat(88.7228f), x)), V{}); }

/** 2^x for x <= 127; relative error below 2e-7; everything under 2^-125 gives about that. Cheaper than vexp. */
LC_INLINE V vexp2(V x) {
  x = vmax(x, splat(-125.0f));
#if defined(__AVX512F__) && !defined(__clang__)
  const V n = __builtin_ia32_rndscaleps_mask(x, 8, x, uint16_t(-1), 4), r = x - n;
#else
  const V magic = splat(12582912.0f), t = x + magic, r = x - (t - magic);
#endif
  V p = splat(1.326472731e-3f);
  p = fma(p, r, splat(9.671512991e-3f));
  p = fma(p, r, splat(5.550733581e-2f));
  p = fma(p, r, splat(2.402224243e-1f));
  p = fma(p, r, splat(6.931470037e-1f));
  p = fma(p, r, splat(1.0f));
#if defined(__AVX512F__) && !defined(__clang__)
  return __builtin_ia32_scalefps512_mask(p, n, p, uint16_t(-1), 4);
#else
  return as_float(as_int(p) + (as_int(t) << splati(23)));  // the rounded exponent sits in t's low bits
#endif
}

/** 1 / (1 + e^-x); relative error below 1.5e-7. */
LC_INLINE V vsigmoid(V x) { return reciprocal(splat(1.0f) + vexp(V{} - x)); }

/** tanh x; relative error below 1.5e-7. */
LC_INLINE V vtanh(V x) {
  V a = vabs(x);
  V e = vexp(a * splat(-2.0f));
  V big = fma(splat(-2.0f) * e, reciprocal(splat(1.0f) + e), splat(1.0f));
  V s = x * x;
  V p = splat(-5.70498872745e-3f);
  p = fma(p, s, splat(2.06390887954e-2f));
  p = fma(p, s, splat(-5.37397155531e-2f));
  p = fma(p, s, splat(1.33314422036e-1f));
  p = fma(p, s, splat(-3.33332819422e-1f));
  V small = fma(p * s, x, x);
  return a < splat(0.625f) ? small : copysign(big, x);
}

/** sin r (-1)^n from x = r + n pi, n whole or half-whole, given as n and its parity bits; |x| below 10^4. */
LC_INLINE V sin_reduced(V x, V n, VI parity) {
  V r = fma(n, splat(-3.140625f), x);  // pi in three parts: n times the first two is exact
  r = fma(n, splat(-9.67502593994140625e-4f), r);
  r = fma(n, splat(-1.509957990978376432e-7f), r);
  const V s = r * r;
  V p = splat(2.6083159809786593541503e-6f);
  p = fma(p, s, splat(-1.981069071916863322258e-4f));
  p = fma(p, s, splat(8.33307858556509017944336e-3f));
  p = fma(p, s, splat(-1.66666597127914428710938e-1f));
  return as_float(as_int(fma(p * s, r, r)) ^ (parity << splati(31)));
}

/** sin x and cos x; absolute error below 1.5e-7 for |x| <= 100, below 1e-6 for |x| <= 10^4 (not for larger x). */
LC_INLINE V vsin(V x) {
  const V magic = splat(12582912.0f), t = fma(x, splat(0.318309886183790672f), magic);
  return sin_reduced(x, t - magic, as_int(t));
}
LC_INLINE V vcos(V x) {
  // x = r + (m + 1/2) pi: cos x = (-1)^(m+1) sin r.
  const V magic = splat(12582912.0f), t = fma(x, splat(0.318309886183790672f), splat(-0.5f)) + magic;
  return sin_reduced(x, t - magic + splat(0.5f), as_int(t) ^ splati(1));
}

/**
 * The normal distribution: Phi(x), relative error below 5e-7 down to x = -13 (4e-40 from there on), absolute below
 * 1.5e-7; and e^(-x^2/2), relative error below 1e-7. Phi(-a) = e^(-a^2/2) N(a) / D(a): Mills' ratio as a quotient of polynomials
 * with positive coefficients, fitted on [0, 13.2] to 5e-9; a^2 is split so that its rounding does not show.
 */
struct Normal {
  V phi, bell;
};
LC_INLINE Normal normal(V x) {
  const V a = vmin(splat(13.2f), vabs(x));
  const V head = as_float(as_int(a) & splati(~0xfff));  // its square is exact
  const V bell = exp_inside(splat(-0.5f) * head * head, splat(-0.5f) * (a - head) * (a + head));
  V n = splat(0.00401165849f);
  n = fma(n, a, splat(0.0399262942f));
  n = fma(n, a, splat(0.181134328f));
  n = fma(n, a, splat(0.435452223f));
  n = fma(n, a, splat(0.5f));
  V d = splat(0.0100555914f);
  d = fma(d, a, splat(0.100087851f));
  d = fma(d, a, splat(0.463925272f));
  d = fma(d, a, splat(1.19376588f));
  d = fma(d, a, splat(1.66878939f));
  d = fma(d, a, splat(1.0f));
  const V tail = bell * n * reciprocal(d);
  return {x < V{} ? tail : splat(1.0f) - tail, bell};
}
LC_INLINE V vphi(V x) { return normal(x).phi; }

}  // namespace
}  // namespace longconv
