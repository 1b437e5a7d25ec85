// Complex numbers in float64, for what a kernel computes once per mode rather than once per tap.
#pragma once
#include <math.h>

namespace longconv {
namespace {

struct C64 {
  double re, im;
};
static inline C64 operator+(C64 a, C64 b) { return {a.re + b.re, a.im + b.im}; }
static inline C64 operator-(C64 a, C64 b) { return {a.re - b.re, a.im - b.im}; }
static inline C64 operator*(C64 a, C64 b) { return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }
static inline C64 operator*(C64 a, double s) { return {a.re * s, a.im * s}; }
static inline C64 conj(C64 a) { return {a.re, -a.im}; }
static inline double norm2(C64 a) { return a.re * a.re + a.im * a.im; }
static inline C64 inverse(C64 a) { return conj(a) * (1 / norm2(a)); }
static inline C64 cexp(C64 a) {
  double m = exp(a.re);
  return {m * cos(a.im), m * sin(a.im)};
}
static inline C64 cexpm1(C64 a) {
  double h = sin(0.5 * a.im);
  return {expm1(a.re) * cos(a.im) - 2 * h * h, exp(a.re) * sin(a.im)};
}

/** phi(x) = (e^x - 1)/x and its derivative; power series near 0, where the quotients cancel. */
static inline void phi(C64 x, C64& value, C64& slope) {
  if (norm2(x) >= 0.25) {
    const C64 e = cexpm1(x), i = inverse(x);
    value = e * i;
    slope = (e + C64{1, 0} - value) * i;
    return;
  }
  value = slope = {0, 0};
  C64 term = {1, 0};
  for (int k = 0; k < 18 && norm2(term) > 1e-36; k++) {
    value = value + term;
    slope = slope + term * ((k + 1.0) / (k + 2.0));
    term = term * x * (1.0 / (k + 2));
  }
}

}  // namespace
}  // namespace longconv
