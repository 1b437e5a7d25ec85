// Products of a few rows with many: both operands contiguous along k, nothing packed, lanes run along k.
#pragma once
#include "simd.h"

namespace longconv {
namespace {

constexpr int kDotRows = W == 16 ? 4 : 2;  // times four columns: the accumulators stay in registers

/** Merges neighbours: lane j of the result sums lanes j, j ^ S of a where j & S is 0, of b elsewhere. */
template <int S>
LC_INLINE V fold(V a, V b) {
  VI low{}, high{};
#pragma GCC unroll 16
  for (int j = 0; j < W; j++) {
    low[j] = j & S ? W + j - S : j;
    high[j] = j & S ? W + j : j + S;
  }
  return __builtin_shuffle(a, b, low) + __builtin_shuffle(a, b, high);
}

/** Four sums over lanes, in lanes 0 to 3. */
LC_INLINE V hsum4(V a, V b, V c, V d) {
  V s = fold<2>(fold<1>(a, b), fold<1>(c, d));
  if constexpr (W >= 8) s += swap_lanes<4>(s);
  if constexpr (W >= 16) s += swap_lanes<8>(s);
  return s;
}

template <int M>
void dot_rows(int64_t n, int64_t K, const float* a, int64_t lda, const float* b, int64_t ldb, float* c, int64_t ci,
              int64_t cj, const float* bias_i, const float* bias_j) {
  for (int64_t j = 0; j < n; j += 4) {
    const int w = int(n - j < 4 ? n - j : 4);
    const float* p[4];
#pragma GCC unroll 4
    for (int t = 0; t < 4; t++) p[t] = b + (j + (t < w ? t : 0)) * ldb;
    V acc[M][4];
#pragma GCC unroll 4
    for (int i = 0; i < M; i++)
#pragma GCC unroll 4
      for (int t = 0; t < 4; t++) acc[i][t] = V{};
    int64_t k = 0;
    for (; k + W <= K; k += W)
#pragma GCC unroll 4
      for (int t = 0; t < 4; t++) {
        V y = load(p[t] + k);
#pragma GCC unroll 4
        for (int i = 0; i < M; i++) acc[i][t] = fma(load(a + i * lda + k), y, acc[i][t]);
      }
    if (k < K)
#pragma GCC unroll 4
      for (int t = 0; t < 4; t++) {
        V y = load_part(p[t] + k, int(K - k));
#pragma GCC unroll 4
        for (int i = 0; i < M; i++) acc[i][t] = fma(load_part(a + i * lda + k, int(K - k)), y, acc[i][t]);
      }
#pragma GCC unroll 4
    for (int i = 0; i < M; i++) {
      V s = hsum4(acc[i][0], acc[i][1], acc[i][2], acc[i][3]);
      for (int t = 0; t < w; t++)
        c[i * ci + (j + t) * cj] = s[t] + (bias_i ? bias_i[i] : 0) + (bias_j ? bias_j[j + t] : 0);
    }
  }
}

/**
 * c(i, j) = sum_k a[i lda + k] b[j ldb + k] + bias_i[i] + bias_j[j], c(i, j) = c[i ci + j cj], for few rows m.
 * Columns outside, rows inside: b is read once.
 */
inline void dot_product(int64_t m, int64_t n, int64_t K, const float* a, int64_t lda, const float* b, int64_t ldb,
                        float* c, int64_t ci, int64_t cj, const float* bias_i, const float* bias_j) {
  for (int64_t j = 0; j < n; j += 4)
    for (int64_t i = 0; i < m; i += kDotRows) {
      const int64_t w = n - j < 4 ? n - j : 4, rows = m - i < kDotRows ? m - i : kDotRows;
      const float *ai = a + i * lda, *bj = b + j * ldb, *bi = bias_i ? bias_i + i : nullptr,
                  *bb = bias_j ? bias_j + j : nullptr;
      float* cc = c + i * ci + j * cj;
      if (rows == 1) dot_rows<1>(w, K, ai, lda, bj, ldb, cc, ci, cj, bi, bb);
      else if (rows == 2) dot_rows<2>(w, K, ai, lda, bj, ldb, cc, ci, cj, bi, bb);
      else if (rows == 3) dot_rows<kDotRows < 3 ? 1 : 3>(w, K, ai, lda, bj, ldb, cc, ci, cj, bi, bb);
      else dot_rows<kDotRows < 4 ? 1 : 4>(w, K, ai, lda, bj, ldb, cc, ci, cj, bi, bb);
    }
}

}  // namespace
}  // namespace longconv
