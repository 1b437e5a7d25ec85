// Loops over contiguous memory: whole vectors, then a masked one; and outputs too large for the caches.
#pragma once
#include "simd.h"

namespace longconv {
namespace {

/** Calls fn(i, left) for each vector of n elements: left is W (a constant once inlined), or what remains for the last. */
template <class F>
LC_INLINE void for_vectors(int64_t n, const F& fn) {
  int64_t i = 0;
  for (; i + W <= n; i += W) fn(i, int64_t(W));
  if (i < n) fn(i, n - i);
}
#define LC_LOOP __attribute__((always_inline))

LC_INLINE V get(const float* p, int64_t left) { return left >= W ? load(p) : load_part(p, int(left)); }
LC_INLINE void put(float* p, V a, int64_t left) {
  if (left >= W) store(p, a);
  else store_part(p, a, int(left));
}

/**
 * Adds up N quantities over n elements: term(i, left, sums) adds those of the vector at i. In two or four chains, so
 * that one addition need not wait for the last.
 */
template <int N, class F>
LC_INLINE void sum_vectors(int64_t n, V (&total)[N], const F& term) {
  constexpr int kChains = N > 2 ? 2 : 4;
  V part[kChains][N];
#pragma GCC unroll 4
  for (int k = 0; k < kChains; k++)
#pragma GCC unroll 4
    for (int j = 0; j < N; j++) part[k][j] = V{};
  int64_t i = 0;
  for (; i + kChains * W <= n; i += kChains * W)
#pragma GCC unroll 4
    for (int k = 0; k < kChains; k++) term(i + k * W, int64_t(W), part[k]);
#pragma GCC unroll 4
  for (int j = 0; j < N; j++)
    total[j] = kChains == 2 ? part[0][j] + part[1][j]
                            : (part[0][j] + part[1][j]) + (part[2 % kChains][j] + part[3 % kChains][j]);
  for (; i < n; i += W) term(i, n - i, total);
}

/**
 * Where a kernel's output goes. From kStreamed bytes on, more than a core's share of any last-level cache, lines are
 * written past the caches: a plain store would first read the line, half as much traffic again.
 */
constexpr int64_t kStreamed = int64_t{16} << 20;
struct Sink {
  bool direct;
  /** An output of n elements at `to`, of which rows start at multiples of `row` elements. */
  Sink(const float* to, int64_t n, int64_t row = W)
      : direct(n * 4 >= kStreamed && row % W == 0 && reinterpret_cast<uintptr_t>(to) % (4 * W) == 0) {}
  inline __attribute__((always_inline)) void put(float* p, V a, int64_t left) const {
    if (left < W) store_part(p, a, int(left));
    else if (direct) store_nt(p, a);
    else store(p, a);
  }
  void copy(float* to, const float* from, int64_t n) const {
    if (!direct) {
      __builtin_memcpy(to, from, n * sizeof(float));
      return;
    }
    for_vectors(n, [=, this](int64_t i, int64_t left) LC_LOOP { put(to + i, get(from + i, left), left); });
  }
  void zero(float* to, int64_t n) const {
    if (!direct) {
      __builtin_memset(to, 0, n * sizeof(float));
      return;
    }
    for_vectors(n, [=, this](int64_t i, int64_t left) LC_LOOP { put(to + i, V{}, left); });
  }
  /** At the end of each worker's part. */
  void done() const {
    if (direct) nt_fence();
  }
};

}  // namespace
}  // namespace longconv
