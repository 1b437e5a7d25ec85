// The end of a transform: a block of kBlock = G W points, modulo t^kBlock - e^{i theta}, in registers.
//
// A twist t -> t e^{i theta / kBlock} makes the block cyclic, so everything after it has constant factors: a DFT
// over the G vectors, then the W points inside each vector. For those, four vectors exchange quarters of their lanes
// (a 4 x 4 transpose) so that each step is again a DFT across vectors: W = 16 needs two exchanges, W = 8 one and a
// half, W = 4 one. The order in which frequencies come out is whatever falls out: rows and kernels agree.
#pragma once
#include "butterfly.h"
#include "plan.h"

namespace longconv {
namespace {

#define LC_SHUFFLE __builtin_shufflevector

/** Transposes 4 vectors x 4 groups of W / 4 lanes. Its own inverse. */
LC_INLINE void exchange_quarters(V& a, V& b, V& c, V& d) {
#if defined(__AVX512F__)
#define LC_LO(x, y) LC_SHUFFLE(x, y, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23)
#define LC_HI(x, y) LC_SHUFFLE(x, y, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31)
#define LC_EVEN(x, y) LC_SHUFFLE(x, y, 0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27)
#define LC_ODD(x, y) LC_SHUFFLE(x, y, 4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31)
  V s = LC_LO(a, b), t = LC_HI(a, b), u = LC_LO(c, d), v = LC_HI(c, d);
  a = LC_EVEN(s, u), b = LC_ODD(s, u), c = LC_EVEN(t, v), d = LC_ODD(t, v);
#undef LC_LO
#undef LC_HI
#undef LC_EVEN
#undef LC_ODD
#elif defined(__AVX__)
  V s = LC_SHUFFLE(a, b, 0, 1, 8, 9, 4, 5, 12, 13), t = LC_SHUFFLE(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
  V u = LC_SHUFFLE(c, d, 0, 1, 8, 9, 4, 5, 12, 13), v = LC_SHUFFLE(c, d, 2, 3, 10, 11, 6, 7, 14, 15);
  a = LC_SHUFFLE(s, u, 0, 1, 2, 3, 8, 9, 10, 11), c = LC_SHUFFLE(s, u, 4, 5, 6, 7, 12, 13, 14, 15);
  b = LC_SHUFFLE(t, v, 0, 1, 2, 3, 8, 9, 10, 11), d = LC_SHUFFLE(t, v, 4, 5, 6, 7, 12, 13, 14, 15);
#else
  V s = LC_SHUFFLE(a, b, 0, 4, 1, 5), t = LC_SHUFFLE(a, b, 2, 6, 3, 7);
  V u = LC_SHUFFLE(c, d, 0, 4, 1, 5), v = LC_SHUFFLE(c, d, 2, 6, 3, 7);
  a = LC_SHUFFLE(s, u, 0, 1, 4, 5), b = LC_SHUFFLE(s, u, 2, 3, 6, 7);
  c = LC_SHUFFLE(t, v, 0, 1, 4, 5), d = LC_SHUFFLE(t, v, 2, 3, 6, 7);
#endif
}

#if defined(__AVX512F__)
/** Within each four lanes, transposes 4 vectors x 4 lanes. Its own inverse. */
LC_INLINE void exchange_lanes(V& a, V& b, V& c, V& d) {
#define LC_LO(x, y) LC_SHUFFLE(x, y, 0, 16, 1, 17, 4, 20, 5, 21, 8, 24, 9, 25, 12, 28, 13, 29)
#define LC_HI(x, y) LC_SHUFFLE(x, y, 2, 18, 3, 19, 6, 22, 7, 23, 10, 26, 11, 27, 14, 30, 15, 31)
#define LC_EVEN(x, y) LC_SHUFFLE(x, y, 0, 1, 16, 17, 4, 5, 20, 21, 8, 9, 24, 25, 12, 13, 28, 29)
#define LC_ODD(x, y) LC_SHUFFLE(x, y, 2, 3, 18, 19, 6, 7, 22, 23, 10, 11, 26, 27, 14, 15, 30, 31)
  V s = LC_LO(a, b), t = LC_HI(a, b), u = LC_LO(c, d), v = LC_HI(c, d);
  a = LC_EVEN(s, u), b = LC_ODD(s, u), c = LC_EVEN(t, v), d = LC_ODD(t, v);
#undef LC_LO
#undef LC_HI
#undef LC_EVEN
#undef LC_ODD
}
#elif defined(__AVX__)
/** Within each two lanes, transposes 2 vectors x 2 lanes. Its own inverse. */
LC_INLINE void exchange_lanes(V& a, V& b) {
  V s = LC_SHUFFLE(a, b, 0, 8, 2, 10, 4, 12, 6, 14);
  b = LC_SHUFFLE(a, b, 1, 9, 3, 11, 5, 13, 7, 15);
  a = s;
}
#endif

// Each step below runs on the G / 4 sets of four vectors side by side, so that two dependency chains overlap.
#define LC_EACH_SET _Pragma("GCC unroll 2") for (int s = 0; s < G; s += 4)

LC_INLINE void exchange_all_quarters(Cx* x) {
  LC_EACH_SET {
    exchange_quarters(x[s].r, x[s + 1].r, x[s + 2].r, x[s + 3].r);
    exchange_quarters(x[s].i, x[s + 1].i, x[s + 2].i, x[s + 3].i);
  }
}

/** x[s + q] times (conjugates of) the sets' factors f[q - 1], q = 1, 2, 3. */
template <bool CONJ>
LC_INLINE void lane_factors_times(Cx* x, const float* f) {
#pragma GCC unroll 4
  for (int q = 1; q < 4; q++) LC_EACH_SET {
    const Cx w = loadc(f + (s / 4 * kLaneFactors + q - 1) * 2 * W);
    x[s + q] = CONJ ? mul_conj(x[s + q], w) : mul(x[s + q], w);
  }
}

#if defined(__AVX512F__)
LC_INLINE void exchange_all_lanes(Cx* x) {
  LC_EACH_SET {
    exchange_lanes(x[s].r, x[s + 1].r, x[s + 2].r, x[s + 3].r);
    exchange_lanes(x[s].i, x[s + 1].i, x[s + 2].i, x[s + 3].i);
  }
}
#endif

LC_INLINE void lanes_forward(Cx* x, const float* f) {
  exchange_all_quarters(x);
  lane_factors_times<false>(x, f);
  LC_EACH_SET dft<4>(x + s);
  f += 6 * W;
#if defined(__AVX512F__)
  exchange_all_lanes(x);
  lane_factors_times<false>(x, f);
  LC_EACH_SET dft<4>(x + s);
#elif defined(__AVX__)
#pragma GCC unroll 2
  for (int j = 0; j < 4; j += 2, f += 2 * W) {
    exchange_lanes(x[j].r, x[j + 1].r);
    exchange_lanes(x[j].i, x[j + 1].i);
    x[j + 1] = mul(x[j + 1], loadc(f));
    dft<2>(x + j);
  }
#endif
}

LC_INLINE void lanes_inverse(Cx* x, const float* f) {
#if defined(__AVX512F__)
  LC_EACH_SET idft<4>(x + s);
  lane_factors_times<true>(x, f + 6 * W);
  exchange_all_lanes(x);
#elif defined(__AVX__)
#pragma GCC unroll 2
  for (int j = 0; j < 4; j += 2) {
    dft<2>(x + j);
    x[j + 1] = mul_conj(x[j + 1], loadc(f + 6 * W + j * W));
    exchange_lanes(x[j].r, x[j + 1].r);
    exchange_lanes(x[j].i, x[j + 1].i);
  }
#endif
  LC_EACH_SET idft<4>(x + s);
  lane_factors_times<true>(x, f);
  exchange_all_quarters(x);
}

LC_INLINE void vectors_forward(Cx* x, const float* s, const float* twist) {
#pragma GCC unroll 8
  for (int q = 0; q < G; q++) x[q] = mul(loadc(s + q * 2 * W), loadc(twist + q * 2 * W));
  dft<G>(x);
}
LC_INLINE void vectors_inverse(Cx* x, float* s, const float* twist) {
  idft<G>(x);
#pragma GCC unroll 8
  for (int q = 0; q < G; q++) storec(s + q * 2 * W, mul_conj(x[q], loadc(twist + q * 2 * W)));
}

/** The twist of block b: a table's entry, or put together in `room`. */
LC_INLINE const float* twist_of(const Plan& p, int64_t b, float* room) {
  const float* t = p.twist + b * p.twist_floats();
  if (p.table()) return t;
  const Cx v = loadc(t);
  t += 2 * W;
  storec(room, v);
#pragma GCC unroll 8
  for (int q = 1; q < G; q++) storec(room + q * 2 * W, mul(v, splat(t[2 * q]), splat(t[2 * q + 1])));
  return room;
}

}  // namespace
}  // namespace longconv
