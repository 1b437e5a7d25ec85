// out = op(a) op(b) + bias and its gradients: five uses of one product of strided operands (native/gemm.h).
//
// attr: transA, transB. Cost: 2 M N K a product, compute bound from about 64^3 up.
//   op(a)' = g op(b)^T, op(b)' = op(a)^T g; a transposed operand is only a change of strides, in either place.
//   A shared b: the batch is one long M when a is not transposed, and a sum over terms in b's gradient.
#include "gemm.h"
#include "kernel.h"
#include "simd.h"

namespace longconv {
namespace {

using LONGCONV_ISA::Gemm;
using LONGCONV_ISA::gemm;
using LONGCONV_ISA::Operand;

struct Sizes {
  int64_t batch, M, N, K;
  bool transA, transB, shared;
  Operand a, b;  // op(a), op(b)
};

Sizes sizes(const Call& c) {
  const Tensor &a = c.in[0], &b = c.in[1];
  Sizes s{};
  s.transA = c.attr[0] != 0, s.transB = c.attr[1] != 0, s.shared = b.rank == 2;
  s.batch = a.span(0, a.rank - 2);
  const int64_t rows = a.dim[a.rank - 2], cols = a.dim[a.rank - 1];
  const int64_t brows = b.dim[b.rank - 2], bcols = b.dim[b.rank - 1];
  s.M = s.transA ? cols : rows, s.K = s.transA ? rows : cols, s.N = s.transB ? brows : bcols;
  s.a = {a.f(), cols, 1, rows * cols};
  s.b = {b.f(), bcols, 1, s.shared ? 0 : brows * bcols};
  if (s.transA) s.a = s.a.transposed();
  if (s.transB) s.b = s.b.transposed();
  if (s.shared && !s.transA) {
    s.M *= s.batch;
    s.batch = 1;
  }
  return s;
}

const char* forward(const Call& c) {
  const Sizes s = sizes(c);
  Gemm g{s.M, s.N, s.K, s.a, s.b, c.out[0].f(), s.N};
  g.count0 = s.batch;
  g.c0 = s.M * s.N;
  g.bias = c.in[2] ? c.in[2].f() : nullptr;
  return gemm(g);
}

/** y (rows x cols, dense; y^T when `transpose`) = x z, once for each batch entry or summed over them. */
const char* gradient(int64_t rows, int64_t cols, int64_t inner, Operand x, Operand z, bool transpose, int64_t count,
                     int64_t terms, float* y) {
  if (terms > 1) {
    x.term = x.batch0, z.term = z.batch0;
    x.batch0 = z.batch0 = 0;
  }
  Gemm g = transpose ? Gemm{cols, rows, inner, z.transposed(), x.transposed(), y, rows}
                     : Gemm{rows, cols, inner, x, z, y, cols};
  g.count0 = count;
  g.c0 = rows * cols;
  g.terms = terms;
  return gemm(g);
}

constexpr int64_t kSumRows = 512;  // fixed: the order of additions must not depend on the machine

/** y = column sums of g (rows x n): sums of fixed strips of rows, added in order in double precision. */
const char* column_sums(const float* g, int64_t rows, int64_t n, float* y) {
  const int64_t strips = (rows + kSumRows - 1) / kSumRows;
  float* partial = static_cast<float*>(scratch(0, 13, size_t(strips * n) * 4));
  if (!partial) return "no memory is left for the gradient of the bias: use a smaller batch";
  parallel(strips, 1 + 32768 / (n * kSumRows), [=](int64_t s, int64_t end, int) {
    for (; s < end; s++) {
      const int64_t r0 = s * kSumRows, r1 = r0 + kSumRows < rows ? r0 + kSumRows : rows;
      for (int64_t j = 0; j < n; j += W) {
        const int w = int(n - j < W ? n - j : W);
        V sum[4] = {};
        for (int64_t r = r0; r < r1; r++) sum[r & 3] += load_part(g + r * n + j, w);
        store_part(partial + s * n + j, (sum[0] + sum[1]) + (sum[2] + sum[3]), w);
      }
    }
  });
  parallel(n, 1 + 32768 / strips, [=](int64_t j, int64_t end, int) {
    for (; j < end; j++) {
      double sum = 0;
      for (int64_t s = 0; s < strips; s++) sum += partial[s * n + j];
      y[j] = float(sum);
    }
  });
  return nullptr;
}

const char* backward(const Call& c) {
  const Sizes s = sizes(c);
  const Operand g{c.gout[0].f(), s.N, 1, s.M * s.N};
  const char* err = nullptr;
  if (c.gin[0]) err = gradient(s.M, s.K, s.N, g, s.b.transposed(), s.transA, s.batch, 1, c.gin[0].f());
  if (!err && c.gin[1])
    err = gradient(s.K, s.N, s.M, s.a.transposed(), g, s.transB, s.shared ? 1 : s.batch, s.shared ? s.batch : 1,
                   c.gin[1].f());
  if (!err && c.gin[2]) err = column_sums(g.p, s.batch * s.M, s.N, c.gin[2].f());
  return err;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("matmul", "forward", longconv::forward)
LONGCONV_KERNEL("matmul", "backward", longconv::backward)
