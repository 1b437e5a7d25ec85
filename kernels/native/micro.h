// The micro-kernel of every dense product here: a tile of C held in registers while k runs.
//
//   c(i, j) = [c(i, j) +] start(j) + sum_k a(i, k) b(k, j)      i < m <= kRows, j < nv W, nv = 1 or 2
//   a(i, k) = a[i ai + k ak], b(k, j) = b[k ldb + j], c(i, j) = c[i ldc + j]
//
// Lanes run along j; a is broadcast. Any strides of a serve, so a needs no transposition, only rows that do not
// fall into the same cache sets. Registers: 28 of 32 accumulate with AVX-512 (14 x 2), 12 of 16 with AVX2 (6 x 2),
// 16 of 32 with NEON (8 x 2), 8 of 16 with SSE2 (4 x 2), which also needs one for the product. Every element is
// one chain of multiply-adds in order of k: its bits do not depend on the tile that it falls into.
#pragma once
#include "simd.h"

namespace longconv {
namespace {

#if defined(__AVX512F__)
constexpr int kRows = 14;
#elif defined(__AVX__)
constexpr int kRows = 6;
#elif defined(__aarch64__)
constexpr int kRows = 8;
#else
constexpr int kRows = 4;
#endif
constexpr int kLanes = 2 * W;

using MicroKernel = void (*)(int64_t K, const float* a, int64_t ai, int64_t ak, const float* b, int64_t ldb, float* c,
                             int64_t ldc, const float* start, bool add);

/** acc[i][j] = start. */
template <int M, int NV>
LC_INLINE void begin_tile(V (&acc)[M][NV], const float* start) {
#pragma GCC unroll 16
  for (int i = 0; i < M; i++)
#pragma GCC unroll 2
    for (int j = 0; j < NV; j++) acc[i][j] = V{};
  if (start)
#pragma GCC unroll 16
    for (int i = 0; i < M; i++)
#pragma GCC unroll 2
      for (int j = 0; j < NV; j++) acc[i][j] = load(start + j * W);
}

/** acc[i][j] += sum_k a(i, k) b(k, j). */
template <int M, int NV>
LC_INLINE void multiply(V (&acc)[M][NV], int64_t K, const float* a, int64_t ai, int64_t ak, const float* b,
                        int64_t ldb) {
  // Three rows share a pointer: p, p + ai, p + 2 ai are one addressing mode each.
  constexpr int kPointers = (M + 2) / 3;
  const float* p[kPointers];
#pragma GCC unroll 8
  for (int g = 0; g < kPointers; g++) p[g] = a + 3 * g * ai;
  for (int64_t k = 0; k < K; k++) {
    V bv[NV];
#pragma GCC unroll 2
    for (int j = 0; j < NV; j++) bv[j] = load(b + j * W);
#pragma GCC unroll 16
    for (int i = 0; i < M; i++) {
      V av = splat(p[i / 3][(i % 3) * ai]);
#pragma GCC unroll 2
      for (int j = 0; j < NV; j++) acc[i][j] = fma(av, bv[j], acc[i][j]);
    }
#pragma GCC unroll 8
    for (int g = 0; g < kPointers; g++) p[g] += ak;
    b += ldb;
  }
}

template <int M, int NV>
void micro(int64_t K, const float* a, int64_t ai, int64_t ak, const float* b, int64_t ldb, float* c, int64_t ldc,
           const float* start, bool add) {
  V acc[M][NV];
  begin_tile(acc, start);
  multiply(acc, K, a, ai, ak, b, ldb);
  if (add)
#pragma GCC unroll 16
    for (int i = 0; i < M; i++)
#pragma GCC unroll 2
      for (int j = 0; j < NV; j++) acc[i][j] += load(c + i * ldc + j * W);
#pragma GCC unroll 16
  for (int i = 0; i < M; i++)
#pragma GCC unroll 2
    for (int j = 0; j < NV; j++) store(c + i * ldc + j * W, acc[i][j]);
}

#if defined(__AVX512F__)
typedef float Half __attribute__((vector_size(2 * W), aligned(4), may_alias));

/** The first W/2 columns only: half the work where the machine joins two pipes for a whole vector. */
template <int M>
void micro_half(int64_t K, const float* a, int64_t ai, int64_t ak, const float* b, int64_t ldb, float* c, int64_t ldc,
                const float* start, bool add) {
  Half acc[M];
#pragma GCC unroll 16
  for (int i = 0; i < M; i++) acc[i] = start ? *reinterpret_cast<const Half*>(start) : Half{};
  for (int64_t k = 0; k < K; k++, a += ak, b += ldb) {
    const Half bv = *reinterpret_cast<const Half*>(b);
#pragma GCC unroll 16
    for (int i = 0; i < M; i++) acc[i] = (a[i * ai] - Half{}) * bv + acc[i];
  }
#pragma GCC unroll 16
  for (int i = 0; i < M; i++) {
    Half* y = reinterpret_cast<Half*>(c + i * ldc);
    *y = add ? *y + acc[i] : acc[i];
  }
}
#endif

}  // namespace
}  // namespace longconv
