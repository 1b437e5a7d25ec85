// Complex vectors and the small DFTs, all in registers: X[k] = sum_q x[q] e^{-2 pi i k q / R}.
#pragma once
#include "simd.h"

namespace longconv {
namespace {

/** W complex numbers; in memory W real parts, then W imaginary parts. */
struct Cx {
  V r, i;
};
LC_INLINE Cx loadc(const float* p) {
  Cx a = {load(p), load(p + W)};
  // Keeps the compiler from reading an operand twice to save a register: loads are the scarcer.
#if defined(__AVX512F__)
  asm("" : "+v"(a.r), "+v"(a.i));
#elif defined(__AVX__)
  asm("" : "+x"(a.r), "+x"(a.i));
#endif
  return a;
}
LC_INLINE void storec(float* p, Cx a) {
  store(p, a.r);
  store(p + W, a.i);
}
LC_INLINE Cx add(Cx a, Cx b) { return {a.r + b.r, a.i + b.i}; }
LC_INLINE Cx sub(Cx a, Cx b) { return {a.r - b.r, a.i - b.i}; }
LC_INLINE Cx mul(Cx a, V wr, V wi) { return {a.r * wr - a.i * wi, a.i * wr + a.r * wi}; }
/** a conj(w) */
LC_INLINE Cx mul_conj(Cx a, V wr, V wi) { return {a.r * wr + a.i * wi, a.i * wr - a.r * wi}; }
LC_INLINE Cx mul(Cx a, Cx w) { return mul(a, w.r, w.i); }
LC_INLINE Cx mul_conj(Cx a, Cx w) { return mul_conj(a, w.r, w.i); }
LC_INLINE Cx scaled(Cx a, V s) { return {a.r * s, a.i * s}; }
LC_INLINE Cx swapped(Cx a) { return {a.i, a.r}; }

template <int R>
struct Butterfly;

template <>
struct Butterfly<2> {
  LC_INLINE void run(Cx* x) {
    Cx a = x[0];
    x[0] = add(a, x[1]), x[1] = sub(a, x[1]);
  }
};

template <>
struct Butterfly<3> {
  LC_INLINE void run(Cx* x) {
    const V s = splat(0.86602540378443865f), half = splat(0.5f);
    Cx t = add(x[1], x[2]), d = sub(x[1], x[2]);
    Cx a = {x[0].r - half * t.r, x[0].i - half * t.i};
    x[0] = add(x[0], t);
    x[1] = {a.r + s * d.i, a.i - s * d.r};
    x[2] = {a.r - s * d.i, a.i + s * d.r};
  }
};

template <>
struct Butterfly<4> {
  LC_INLINE void run(Cx* x) {
    Cx a = add(x[0], x[2]), b = sub(x[0], x[2]), c = add(x[1], x[3]), d = sub(x[1], x[3]);
    x[0] = add(a, c), x[2] = sub(a, c);
    x[1] = {b.r + d.i, b.i - d.r}, x[3] = {b.r - d.i, b.i + d.r};
  }
};

template <>
struct Butterfly<5> {
  LC_INLINE void run(Cx* x) {
    const V c1 = splat(0.30901699437494742f), c2 = splat(-0.80901699437494742f);
    const V s1 = splat(0.95105651629515357f), s2 = splat(0.58778525229247313f);
    Cx a = add(x[1], x[4]), b = add(x[2], x[3]), d = sub(x[1], x[4]), e = sub(x[2], x[3]);
    Cx p = {x[0].r + c1 * a.r + c2 * b.r, x[0].i + c1 * a.i + c2 * b.i};
    Cx q = {x[0].r + c2 * a.r + c1 * b.r, x[0].i + c2 * a.i + c1 * b.i};
    Cx m = {s1 * d.r + s2 * e.r, s1 * d.i + s2 * e.i}, n = {s2 * d.r - s1 * e.r, s2 * d.i - s1 * e.i};
    x[0] = {x[0].r + a.r + b.r, x[0].i + a.i + b.i};
    x[1] = {p.r + m.i, p.i - m.r}, x[4] = {p.r - m.i, p.i + m.r};
    x[2] = {q.r + n.i, q.i - n.r}, x[3] = {q.r - n.i, q.i + n.r};
  }
};

template <>
struct Butterfly<8> {
  LC_INLINE void run(Cx* x) {
    const V s = splat(0.70710678118654752f);
    Cx a[4] = {add(x[0], x[4]), add(x[1], x[5]), add(x[2], x[6]), add(x[3], x[7])};
    Cx b = sub(x[0], x[4]), d1 = sub(x[1], x[5]), d2 = sub(x[2], x[6]), d3 = sub(x[3], x[7]);
    Butterfly<4>::run(a);
    x[0] = a[0], x[2] = a[1], x[4] = a[2], x[6] = a[3];
    // d1 e^{-i pi/4} and d3 e^{-3 i pi/4} without their factor 1/sqrt 2, which is applied by the last additions.
    Cx p = {d1.r + d1.i, d1.i - d1.r}, q = {d3.i - d3.r, V{} - (d3.i + d3.r)};
    Cx t0 = {b.r + d2.i, b.i - d2.r}, t1 = {b.r - d2.i, b.i + d2.r}, t2 = add(p, q), d = sub(p, q);
    x[1] = {t0.r + s * t2.r, t0.i + s * t2.i}, x[5] = {t0.r - s * t2.r, t0.i - s * t2.i};
    x[3] = {t1.r + s * d.i, t1.i - s * d.r}, x[7] = {t1.r - s * d.i, t1.i + s * d.r};
  }
};

template <int R>
LC_INLINE void dft(Cx* x) {
  Butterfly<R>::run(x);
}
/** The inverse without 1/R: exchanging real and imaginary parts before and after conjugates the roots. */
template <int R>
LC_INLINE void idft(Cx* x) {
#pragma GCC unroll 8
  for (int k = 0; k < R; k++) x[k] = swapped(x[k]);
  Butterfly<R>::run(x);
#pragma GCC unroll 8
  for (int k = 0; k < R; k++) x[k] = swapped(x[k]);
}

}  // namespace
}  // namespace longconv
