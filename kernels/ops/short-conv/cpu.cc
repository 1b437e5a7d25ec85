// Causal depthwise FIR filter, few taps. Memory bound up to about 16 taps: 8 bytes an element forward, 12 backward.
// The taps are an inner loop over shifted loads of a row piece in L1; each vector of y is written once. Tap gradients:
// float32 within pieces of kPiece samples, float64 across pieces and batch rows.
#include "broadcast.h"
#include "kernel.h"
#include "simd.h"

namespace longconv {
namespace {

const char* forward(const Call& c) {
  const int64_t D = c.in[0].dim[1], L = c.in[0].dim[2], K = c.in[1].dim[1], rows = c.in[0].dim[0] * D;
  const float *x = c.in[0].f(), *w = c.in[1].f(), *bias = c.in[2].f();
  float* y = c.out[0].f();
  parallel_pieces(rows, L, [=](int64_t row, int64_t begin, int64_t n, int) {
    const float *in = x + row * L, *taps = w + row % D * K, b = bias ? bias[row % D] : 0;
    float* out = y + row * L;
    int64_t t = begin;
    const int64_t end = begin + n;
    for (; t < end && t < K - 1; t++) {
      float sum = b;
      for (int64_t j = K - 1 - t; j < K; j++) sum += taps[j] * in[t - K + 1 + j];
      out[t] = sum;
    }
    for (; t < end; t += W) {
      const int left = end - t < W ? int(end - t) : W;
      V sum = splat(b);
      for (int64_t j = 0; j < K; j++) {
        const float* from = in + t - K + 1 + j;
        sum = fma(splat(taps[j]), left == W ? load(from) : load_part(from, left), sum);
      }
      if (left == W) store(out + t, sum);
      else store_part(out + t, sum, left);
    }
  });
  return nullptr;
}

/** dx[t] = sum_j w[j] g[t + K - 1 - j] for t in [begin, end), g = 0 beyond the end. */
void input_gradient(const float* g, const float* taps, float* dx, int64_t K, int64_t L, int64_t begin, int64_t end) {
  int64_t inside = L - K + 1;  // up to here no tap reaches beyond the end
  inside = inside < begin ? begin : inside < end ? inside : end;
  for (int64_t t = begin; t < inside; t += W) {
    const int left = inside - t < W ? int(inside - t) : W;
    V sum = V{};
    for (int64_t j = 0; j < K; j++) {
      const float* from = g + t + K - 1 - j;
      sum = fma(splat(taps[j]), left == W ? load(from) : load_part(from, left), sum);
    }
    if (left == W) store(dx + t, sum);
    else store_part(dx + t, sum, left);
  }
  for (int64_t t = inside; t < end; t++) {
    float sum = 0;
    for (int64_t j = K - L + t > 0 ? K - L + t : 0; j < K; j++) sum += taps[j] * g[t + K - 1 - j];
    dx[t] = sum;
  }
}

const char* backward(const Call& c) {
  const int64_t B = c.in[0].dim[0], D = c.in[0].dim[1], L = c.in[0].dim[2], K = c.in[1].dim[1];
  const float *x = c.in[0].f(), *w = c.in[1].f(), *g = c.gout[0].f();
  float *dx = c.gin[0].f(), *dw = c.gin[1].f(), *db = c.gin[2].f();
  const int64_t pieces = (L + kPiece - 1) / kPiece, stride = K + 1;  // taps, then the bias
  double* partial = static_cast<double*>(scratch(0, 15, (B * D * pieces * stride + 1) * sizeof(double)));
  parallel_pieces(B * D, L, [=](int64_t row, int64_t begin, int64_t n, int) {
    const int64_t end = begin + n;
    const float *in = x + row * L, *up = g + row * L;
    if (dx) input_gradient(up, w + row % D * K, dx + row * L, K, L, begin, end);
    double* sums = partial + (row * pieces + begin / kPiece) * stride;
    for (int64_t j = 0; j <= K; j++) {
      const int64_t shift = j < K ? K - 1 - j : 0;
      int64_t t = begin < shift ? shift : begin;
      V sum = V{};
      for (; t < end; t += W) {
        const int left = end - t < W ? int(end - t) : W;
        const V v = left == W ? load(up + t) : load_part(up + t, left);
        if (j == K) sum += v;
        else sum = fma(v, left == W ? load(in + t - shift) : load_part(in + t - shift, left), sum);
      }
      sums[j] = hsum(sum);
    }
  });
  parallel(D, 8, [=](int64_t d, int64_t end, int) {
    for (; d < end; d++)
      for (int64_t j = 0; j <= K; j++) {
        double sum = 0;
        for (int64_t b = 0; b < B; b++)
          for (int64_t p = 0; p < pieces; p++) sum += partial[((b * D + d) * pieces + p) * stride + j];
        if (j < K && dw) dw[d * K + j] = float(sum);
        if (j == K && db) db[d] = float(sum);
      }
  });
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("short-conv", "forward", longconv::forward)
LONGCONV_KERNEL("short-conv", "backward", longconv::backward)
