// Dense products for the kernels of ops: one implementation per instruction set (gemm-kernels.cc).
#pragma once
#include <cstdint>

namespace longconv::LONGCONV_ISA {

/** An operand by strides, in elements: entry (i, j) of product (e0, e1), term t: p[e0 batch0 + e1 batch1 + t term + i row + j col]. */
struct Operand {
  const float* p;
  int64_t row, col;
  int64_t batch0 = 0, batch1 = 0, term = 0;
  Operand transposed() const { return {p, col, row, batch0, batch1, term}; }
};

/**
 * c (M x N) = sum over `terms` of a (M x K) b (K x N), + bias (N): count0 x count1 such products. Rows of c are
 * contiguous. The result does not depend on the number of threads.
 */
struct Gemm {
  int64_t M, N, K;
  Operand a, b;
  float* c;
  int64_t ldc;
  int64_t count0 = 1, count1 = 1, c0 = 0, c1 = 0;
  int64_t terms = 1;
  const float* bias = nullptr;
};

/** Null, or what went wrong. */
const char* gemm(const Gemm& g);

/**
 * One tile of any size: c (m x n) = [c +] start + a (m x K) b (K x n), on the calling thread, nothing packed.
 * b's rows (and start) must be readable up to the next multiple of the vector width.
 */
void gemm_tile(int64_t m, int64_t n, int64_t K, const float* a, int64_t ai, int64_t ak, const float* b, int64_t ldb,
               float* c, int64_t ldc, const float* start, bool add);

}  // namespace longconv::LONGCONV_ISA
