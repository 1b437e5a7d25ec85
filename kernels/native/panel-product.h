// C = A B for a thin B that the caller has laid out in panels: the inner product of kernels that generate one
// factor themselves (powers of modes, Cauchy matrices). All of B's panel sits in L1, C's block in registers.
//
//   A (rows x inner), row-major with leading dimension lda; B panel p: (inner x panel), dense;
//   C (rows x panel) at leading dimension ldc. In float32, or float64 at half the lanes.
#pragma once
#include "simd.h"

namespace longconv {
namespace {

/** Vectors of float or double as wide as the instruction set's. */
template <class T>
struct Wide;
template <>
struct Wide<float> {
  typedef V Vec;
  typedef Vu Unaligned;
  static constexpr int lanes = W;
};
template <>
struct Wide<double> {
  typedef double Vec __attribute__((vector_size(4 * W)));
  typedef double Unaligned __attribute__((vector_size(4 * W), aligned(8), may_alias));
  static constexpr int lanes = W / 2;
};
template <class T>
using Vec = typename Wide<T>::Vec;
template <class T>
constexpr int lanes = Wide<T>::lanes;

template <class T>
LC_INLINE Vec<T> load_wide(const T* p) {
  return *reinterpret_cast<const typename Wide<T>::Unaligned*>(p);
}
template <class T>
LC_INLINE void store_wide(T* p, Vec<T> a) {
  *reinterpret_cast<typename Wide<T>::Unaligned*>(p) = a;
}
template <class T>
LC_INLINE Vec<T> splat_wide(T s) {
  return s - Vec<T>{};
}

// As many accumulators as there are registers: 32 with AVX-512 and NEON, 16 otherwise.
#if defined(__aarch64__)
constexpr int kPanelVectors = 4;
#else
constexpr int kPanelVectors = W == 16 ? 4 : 2;
#endif
constexpr int kPanelRows = W == 8 ? 6 : 4;
/** Columns of a panel. */
template <class T>
constexpr int panel = kPanelVectors * lanes<T>;
constexpr int kPanel = panel<float>;

/** One block of rows, the last ones of which may be repeats of row 0 that go to `spill`. */
template <int Rows, class T>
LC_INLINE void panel_block(const T* A, int64_t lda, int64_t rows, const T* b, int64_t inner, T* C, int64_t ldc, T* spill) {
  const T* a[Rows];
  T* c[Rows];
  for (int i = 0; i < Rows; i++) {
    a[i] = i < rows ? A + i * lda : A;
    c[i] = i < rows ? C + i * ldc : spill;
  }
  Vec<T> acc[Rows][kPanelVectors];
  for (int i = 0; i < Rows; i++)
    for (int v = 0; v < kPanelVectors; v++) acc[i][v] = Vec<T>{};
  for (int64_t k = 0; k < inner; k++, b += panel<T>) {
    Vec<T> bk[kPanelVectors];
    for (int v = 0; v < kPanelVectors; v++) bk[v] = load_wide(b + v * lanes<T>);
    for (int i = 0; i < Rows; i++) {
      Vec<T> x = splat_wide(a[i][k]);
      for (int v = 0; v < kPanelVectors; v++) acc[i][v] = x * bk[v] + acc[i][v];
    }
  }
  for (int i = 0; i < Rows; i++)
    for (int v = 0; v < kPanelVectors; v++) store_wide(c[i] + v * lanes<T>, acc[i][v]);
}

/** C(rows x panel) = A(rows x inner) B(inner x panel). */
template <class T>
static inline void panel_product(const T* A, int64_t lda, int64_t rows, const T* B, int64_t inner, T* C, int64_t ldc) {
  alignas(64) T spill[panel<T>];
  while (rows > 0) {
    // Eight rows are two blocks of four rather than six and a rest of two.
    const bool four = kPanelRows > 4 && (rows <= 4 || (rows > kPanelRows && rows <= 8));
    if (four) panel_block<4>(A, lda, rows, B, inner, C, ldc, spill);
    else panel_block<kPanelRows>(A, lda, rows, B, inner, C, ldc, spill);
    const int64_t done = four ? 4 : kPanelRows;
    A += done * lda, C += done * ldc, rows -= done;
  }
}

}  // namespace
}  // namespace longconv
