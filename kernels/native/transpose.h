// Transposition of W x W blocks in registers: log2(W) rounds of two-operand shuffles.
#pragma once
#include "simd.h"

namespace longconv {
namespace {

template <int S>
LC_INLINE void swap_blocks(V* r) {
  VI low{}, high{};
#pragma GCC unroll 16
  for (int j = 0; j < W; j++) {
    low[j] = j & S ? W + j - S : j;
    high[j] = j & S ? W + j : j + S;
  }
#pragma GCC unroll 16
  for (int i = 0; i < W; i++)
    if (!(i & S)) {
      V a = r[i], b = r[i + S];
      r[i] = __builtin_shuffle(a, b, low);
      r[i + S] = __builtin_shuffle(a, b, high);
    }
}

/** r[i][j] becomes r[j][i]. */
LC_INLINE void transpose_block(V* r) {
  if constexpr (W == 16) swap_blocks<8>(r);
  if constexpr (W >= 8) swap_blocks<4>(r);
  swap_blocks<2>(r);
  swap_blocks<1>(r);
}

/**
 * y(j, i) = scale x(i, j) for i < m <= W, j < n: x[i ldx + j], y[j ldy + i]. Rows of y are written `width` wide
 * (m <= width <= W), with zeros from m on.
 */
inline void transpose_strip(const float* x, int64_t ldx, int m, int64_t n, float scale, float* y, int64_t ldy,
                            int width = W) {
  const V s = splat(scale);
  V r[W];
  for (int64_t j = 0; j < n; j += W) {
    const int w = int(n - j < W ? n - j : W);
    if (m == W && w == W) {
#pragma GCC unroll 16
      for (int i = 0; i < W; i++) r[i] = load(x + i * ldx + j) * s;
    } else {
      for (int i = 0; i < W; i++) r[i] = i < m ? load_part(x + i * ldx + j, w) * s : V{};
    }
    transpose_block(r);
    if (width == W && w == W) {
#pragma GCC unroll 16
      for (int i = 0; i < W; i++) store(y + (j + i) * ldy, r[i]);
    } else {
      for (int i = 0; i < w; i++) store_part(y + (j + i) * ldy, r[i], width);
    }
  }
}

}  // namespace
}  // namespace longconv
