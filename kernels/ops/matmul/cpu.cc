// out = op(a) op(b) + bias, and its gradients: plain loops over strided operands.
#include "kernel.h"
#include "simd.h"

namespace longconv {
namespace {

/** A matrix by strides: element (i, j) of batch entry e lies at p[e * batch + i * row + j * col]. */
struct Mat {
  const float* p;
  int64_t batch, row, col;
};
Mat transposed(Mat a) { return {a.p, a.batch, a.col, a.row}; }

/** c[e] (M x N, dense) = sum over `terms` entries of a (M x K) b (K x N), + bias. */
void product(int64_t count, int64_t M, int64_t N, int64_t K, int64_t terms, Mat a, Mat b, const float* bias, float* c) {
  parallel(count * M, 1 + 65536 / (N * K * terms + 1), [=](int64_t begin, int64_t end, int) {
    for (int64_t r = begin; r < end; r++) {
      int64_t e = r / M, i = r % M;
      for (int64_t j = 0; j < N; j++) {
        double s = bias ? bias[j] : 0;
        for (int64_t t = 0; t < terms; t++) {
          const float* x = a.p + (e + t) * a.batch + i * a.row;
          const float* y = b.p + (e + t) * b.batch + j * b.col;
          for (int64_t k = 0; k < K; k++) s += double(x[k * a.col]) * y[k * b.row];
        }
        c[r * N + j] = float(s);
      }
    }
  });
}

struct Sizes {
  int64_t batch, M, N, K;
  bool shared;
  Mat a, b;
};

Sizes sizes(const Call& c) {
  const Tensor &a = c.in[0], &b = c.in[1];
  bool ta = c.attr[0] != 0, tb = c.attr[1] != 0;
  int64_t rows = a.dim[a.rank - 2], cols = a.dim[a.rank - 1];
  int64_t brows = b.dim[b.rank - 2], bcols = b.dim[b.rank - 1];
  Sizes s{a.span(0, a.rank - 2), ta ? cols : rows, tb ? brows : bcols, ta ? rows : cols, b.rank == 2, {}, {}};
  s.a = {a.f(), rows * cols, cols, 1};
  s.b = {b.f(), s.shared ? 0 : brows * bcols, bcols, 1};
  if (ta) s.a = transposed(s.a);
  if (tb) s.b = transposed(s.b);
  return s;
}

const char* forward(const Call& c) {
  Sizes s = sizes(c);
  product(s.batch, s.M, s.N, s.K, 1, s.a, s.b, c.in[2] ? c.in[2].f() : nullptr, c.out[0].f());
  return nullptr;
}

const char* backward(const Call& c) {
  Sizes s = sizes(c);
  bool ta = c.attr[0] != 0, tb = c.attr[1] != 0;
  Mat g{c.gout[0].f(), s.M * s.N, s.N, 1};
  if (c.gin[0]) {
    if (ta) product(s.batch, s.K, s.M, s.N, 1, s.b, transposed(g), nullptr, c.gin[0].f());
    else product(s.batch, s.M, s.K, s.N, 1, g, transposed(s.b), nullptr, c.gin[0].f());
  }
  if (c.gin[1]) {
    int64_t count = s.shared ? 1 : s.batch, terms = s.shared ? s.batch : 1;
    if (tb) product(count, s.N, s.K, s.M, terms, transposed(g), s.a, nullptr, c.gin[1].f());
    else product(count, s.K, s.N, s.M, terms, transposed(s.a), g, nullptr, c.gin[1].f());
  }
  if (c.gin[2])
    for (int64_t n = 0; n < s.N; n++) {
      double sum = 0;
      for (int64_t r = 0; r < s.batch * s.M; r++) sum += g.p[r * s.N + n];
      c.gin[2].f()[n] = float(sum);
    }
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("matmul", "forward", longconv::forward)
LONGCONV_KERNEL("matmul", "backward", longconv::backward)
