// A polynomial in consecutive inputs (op.ts). Memory bound at the usual degrees: 8 bytes an element forward (12 with
// `add`), 12 backward; 3 (P-1) and about (P-1)(P+4) flops.
// Strategy: a piece of a row is copied between P zeros on each side, so that every shifted operand is one unaligned load
// from L1 and the ends are no special case. The products grow by one factor per degree; in the backward pass a term is
// a product of the inputs before and of those after, which also grow by one factor at a time.
#include "kernel.h"
#include "rows.h"
#include "simd.h"

namespace longconv {
namespace {

constexpr int64_t kPiece = 2048;
constexpr int kMost = 32;

/** x[begin - pad, begin + n + pad) of a row of L, zeros outside the row, and W more zeros. */
static void padded(const float* x, int64_t L, int64_t begin, int64_t n, int64_t pad, float* out) {
  int64_t from = begin - pad, to = begin + n + pad, i = 0;
  for (; from + i < 0; i++) out[i] = 0;
  for (; from + i < to && from + i < L; i++) out[i] = x[from + i];
  for (; i < n + 2 * pad + W; i++) out[i] = 0;
}

static float* room(int thread, int slot, int64_t pad) {
  return static_cast<float*>(scratch(thread, slot, size_t(kPiece + 2 * pad + W) * 4));
}

const char* forward(const Call& c) {
  const int64_t H = c.in[0].dim[1], L = c.in[0].dim[2], rows = c.in[0].dim[0] * H, P = c.in[1].dim[0] + 1;
  const float *u = c.in[0].f(), *k = c.in[1].f(), *add = c.in[2].f();
  float* y = c.out[0].f();
  const int64_t pieces = (L + kPiece - 1) / kPiece;
  parallel(rows * pieces, L < kPiece ? 1 + kPiece / L : 1, [=](int64_t task, int64_t last, int thread) {
    float* x = room(thread, 0, P);
    for (; task < last; task++) {
      const int64_t row = task / pieces, begin = task % pieces * kPiece, n = L - begin < kPiece ? L - begin : kPiece;
      const int64_t at = row * L + begin, h = row % H;
      padded(u + row * L, L, begin, n, P, x);
      const float* now = x + P;
      for_vectors(n, [=](int64_t i, int64_t left) LC_LOOP {
        V sum = add ? get(add + at + i, left) : V{}, product = load(now + i);
        for (int64_t p = 2; p <= P; p++) {
          product *= load(now + i - p + 1);
          sum = fma(splat(k[(p - 2) * H + h]), product, sum);
        }
        put(y + at + i, sum, left);
      });
    }
  });
  return nullptr;
}

/** u' of a vector: `now` at its u, `g` at its gradient, both padded. D: the degree where the compiler may know it. */
template <int D>
LC_INLINE V input_gradient(const float* now, const float* g, const float* k, int64_t H, int64_t degree) {
  const int64_t P = D ? D : degree;
  V back[D ? D : kMost];  // back[m] = u_{t-1} .. u_{t-m}
  back[0] = splat(1);
  for (int64_t m = 1; m < P; m++) back[m] = back[m - 1] * load(now - m);
  V sum = V{}, ahead = load(g);  // g_{t+j} u_{t+1} .. u_{t+j}
  V front = splat(1);
  for (int64_t j = 0; j < P; j++) {
    if (j > 0) front *= load(now + j), ahead = front * load(g + j);
    V part = V{};
    for (int64_t p = j + 1 > 2 ? j + 1 : 2; p <= P; p++) part = fma(splat(k[(p - 2) * H]), back[p - 1 - j], part);
    sum = fma(ahead, part, sum);
  }
  return sum;
}

template <int D>
static void input_gradients(const float* now, const float* g, const float* k, int64_t H, int64_t P, int64_t n, float* out) {
  for_vectors(n, [=](int64_t i, int64_t left) LC_LOOP {
    put(out + i, input_gradient<D>(now + i, g + i, k, H, P), left);
  });
}

const char* backward(const Call& c) {
  const int64_t B = c.in[0].dim[0], H = c.in[0].dim[1], L = c.in[0].dim[2], P = c.in[1].dim[0] + 1;
  const float *u = c.in[0].f(), *k = c.in[1].f(), *g = c.gout[0].f();
  float *du = c.gin[0].f(), *dk = c.gin[1].f();
  const int64_t pieces = (L + kPiece - 1) / kPiece;
  double* partial = static_cast<double*>(scratch(0, 15, size_t(B * H * pieces * (P - 1)) * 8));
  parallel(B * H * pieces, L < kPiece ? 1 + kPiece / L : 1, [=](int64_t task, int64_t last, int thread) {
    float *x = room(thread, 0, P), *up = room(thread, 1, P);
    for (; task < last; task++) {
      const int64_t row = task / pieces, begin = task % pieces * kPiece, n = L - begin < kPiece ? L - begin : kPiece;
      padded(u + row * L, L, begin, n, P, x);
      padded(g + row * L, L, begin, n, P, up);
      const float *now = x + P, *gradient = up + P, *coefficients = k + row % H;
      if (du) {
        float* out = du + row * L + begin;
        if (P == 2) input_gradients<2>(now, gradient, coefficients, H, P, n, out);
        else if (P == 3) input_gradients<3>(now, gradient, coefficients, H, P, n, out);
        else input_gradients<0>(now, gradient, coefficients, H, P, n, out);
      }
      if (!dk) continue;
      V sums[kMost] = {};
      for (int64_t i = 0; i < n; i += W) {
        V product = first(load(gradient + i), n - i) * load(now + i);
        for (int64_t p = 2; p <= P; p++) {
          product *= load(now + i - p + 1);
          sums[p - 2] += product;
        }
      }
      for (int64_t p = 2; p <= P; p++) partial[task * (P - 1) + p - 2] = double(hsum(sums[p - 2]));
    }
  });
  for (int64_t i = 0; dk && i < (P - 1) * H; i++) {
    double sum = 0;
    for (int64_t b = 0; b < B; b++)
      for (int64_t q = 0; q < pieces; q++) sum += partial[((b * H + i % H) * pieces + q) * (P - 1) + i / H];
    dk[i] = float(sum);
  }
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("lagged-polynomial", "forward", longconv::forward)
LONGCONV_KERNEL("lagged-polynomial", "backward", longconv::backward)
