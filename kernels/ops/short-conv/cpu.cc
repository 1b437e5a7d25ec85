// Causal depthwise FIR filter, few taps. Memory bound up to about 16 taps: 8 bytes an element forward, 12 backward.
// The taps are an inner loop over shifted loads of a row piece in L1; each vector of y is written once. Tap gradients:
// four taps in one pass over a part of a row, in float32 within the part, in float64 across parts and batch rows.
#include "broadcast.h"
#include "kernel.h"
#include "rows.h"
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
    for_vectors(end - t, [=](int64_t i, int64_t left) LC_LOOP {
      V sum = splat(b);
      for (int64_t j = 0; j < K; j++) sum = fma(splat(taps[j]), get(in + t + i - K + 1 + j, left), sum);
      put(out + t + i, sum, left);
    });
  });
  return nullptr;
}

/** dx[t] = sum_j w[j] g[t + K - 1 - j] for t in [begin, end), g = 0 beyond the end. */
void input_gradient(const float* g, const float* taps, float* dx, int64_t K, int64_t L, int64_t begin, int64_t end) {
  int64_t inside = L - K + 1;  // up to here no tap reaches beyond the end
  inside = inside < begin ? begin : inside < end ? inside : end;
  for_vectors(inside - begin, [=](int64_t i, int64_t left) LC_LOOP {
    V sum = V{};
    for (int64_t j = 0; j < K; j++) sum = fma(splat(taps[j]), get(g + begin + i + K - 1 - j, left), sum);
    put(dx + begin + i, sum, left);
  });
  for (int64_t t = inside; t < end; t++) {
    float sum = 0;
    for (int64_t j = K - L + t > 0 ? K - L + t : 0; j < K; j++) sum += taps[j] * g[t + K - 1 - j];
    dx[t] = sum;
  }
}

/**
 * sums[j] = sum over t in [begin, end) of g[t] x[t - shift - 3 + j] for j < 4 and, in sums[4], of g[t]; x = 0 before the
 * start. One pass for four taps.
 */
void four_taps(const float* g, const float* x, int64_t shift, int64_t begin, int64_t end, double sums[5]) {
  for (int j = 0; j < 5; j++) sums[j] = 0;
  int64_t t = begin;
  for (; t < end && t < shift + 3; t++) {
    sums[4] += g[t];
    for (int j = 0; j < 4; j++)
      if (t - shift - 3 + j >= 0) sums[j] += double(g[t]) * double(x[t - shift - 3 + j]);
  }
  V v[5] = {};
  for (; t < end; t += W) {
    const int64_t left = end - t;
    const V up = get(g + t, left);
    const float* from = x + t - shift - 3;
#pragma GCC unroll 4
    for (int j = 0; j < 4; j++) v[j] = fma(up, get(from + j, left), v[j]);
    v[4] += up;
  }
  for (int j = 0; j < 5; j++) sums[j] += double(hsum(v[j]));
}

const char* backward(const Call& c) {
  const int64_t B = c.in[0].dim[0], D = c.in[0].dim[1], L = c.in[0].dim[2], K = c.in[1].dim[1];
  const float *x = c.in[0].f(), *w = c.in[1].f(), *g = c.gout[0].f();
  float *dx = c.gin[0].f(), *dw = c.gin[1].f(), *db = c.gin[2].f();
  constexpr int64_t kPart = 2048;  // samples: x, g and dx stay in L1
  const int64_t parts = (L + kPart - 1) / kPart, fours = (K + 3) / 4, stride = 5 * fours;
  double* partial = static_cast<double*>(scratch(0, 15, (B * D * parts * stride + 1) * sizeof(double)));
  parallel(B * D * parts, L < kPart ? 1 + kPart / L : 2, [=](int64_t k, int64_t last, int) {
    for (; k < last; k++) {
      const int64_t row = k / parts, begin = k % parts * kPart, end = begin + kPart < L ? begin + kPart : L;
      if (dx) input_gradient(g + row * L, w + row % D * K, dx + row * L, K, L, begin, end);
      for (int64_t q = 0; (dw || db) && q < fours; q++)
        four_taps(g + row * L, x + row * L, 4 * q, begin, end, partial + k * stride + 5 * q);
    }
  });
  parallel(D, 8, [=](int64_t d, int64_t end, int) {
    const auto total = [&](int64_t at) {
      double sum = 0;
      for (int64_t b = 0; b < B; b++)
        for (int64_t p = 0; p < parts; p++) sum += partial[((b * D + d) * parts + p) * stride + at];
      return float(sum);
    };
    for (; d < end; d++) {
      if (db) db[d] = total(4);
      for (int64_t j = 0; dw && j < K; j++) {
        const int64_t shift = K - 1 - j;  // the tap's delay: place 3 - shift % 4 of its four
        dw[d * K + j] = total(5 * (shift / 4) + 3 - shift % 4);
      }
    }
  });
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("short-conv", "forward", longconv::forward)
LONGCONV_KERNEL("short-conv", "backward", longconv::backward)
