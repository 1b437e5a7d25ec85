// C = A B for a thin B that the caller has laid out in panels: the inner product of kernels that generate one
// factor themselves (powers of modes, Cauchy matrices). All of B's panel sits in L1, C's block in registers.
//
//   A (rows x inner), row-major with leading dimension lda; B panel p: (inner x kPanel), dense;
//   C (rows x kPanel) at leading dimension ldc.
#pragma once
#include "simd.h"

namespace longconv {
namespace {

constexpr int kPanelVectors = W == 16 ? 4 : 2;
constexpr int kPanel = kPanelVectors * W;
constexpr int kPanelRows = W == 8 ? 6 : 4;

/** One block of kPanelRows rows. */
LC_INLINE void panel_block(const float* const (&a)[kPanelRows], const float* b, int64_t inner,
                           float* const (&c)[kPanelRows]) {
  V acc[kPanelRows][kPanelVectors];
  for (int i = 0; i < kPanelRows; i++)
    for (int v = 0; v < kPanelVectors; v++) acc[i][v] = V{};
  for (int64_t k = 0; k < inner; k++, b += kPanel) {
    V bk[kPanelVectors];
    for (int v = 0; v < kPanelVectors; v++) bk[v] = load(b + v * W);
    for (int i = 0; i < kPanelRows; i++) {
      V x = splat(a[i][k]);
      for (int v = 0; v < kPanelVectors; v++) acc[i][v] = fma(x, bk[v], acc[i][v]);
    }
  }
  for (int i = 0; i < kPanelRows; i++)
    for (int v = 0; v < kPanelVectors; v++) store(c[i] + v * W, acc[i][v]);
}

/** C(rows x kPanel) = A(rows x inner) B(inner x kPanel). */
static inline void panel_product(const float* A, int64_t lda, int64_t rows, const float* B, int64_t inner, float* C,
                                 int64_t ldc) {
  alignas(64) float spill[kPanel];
  for (int64_t i = 0; i < rows; i += kPanelRows) {
    const float* a[kPanelRows];
    float* c[kPanelRows];
    for (int j = 0; j < kPanelRows; j++) {
      bool inside = i + j < rows;
      a[j] = A + (inside ? i + j : i) * lda;
      c[j] = inside ? C + (i + j) * ldc : spill;
    }
    panel_block(a, B, inner, c);
  }
}

}  // namespace
}  // namespace longconv
