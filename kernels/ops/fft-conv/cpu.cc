// Long convolution by FFT, formulas in op.ts. attr: sides, form (order of op.ts).
//
// A row at a time, in float64: radix-2 transforms of the next power of two that keeps the wanted outputs clean.
#include "kernel.h"
#include "simd.h"

namespace longconv {
namespace {

enum Sides { kCausal, kLag1, kDoubleZero, kCircular };

void fft(double* re, double* im, int64_t n, double sign) {
  for (int64_t i = 1, j = 0; i < n; i++) {
    int64_t bit = n >> 1;
    for (; j & bit; bit >>= 1) j ^= bit;
    j ^= bit;
    if (i < j) {
      double a = re[i], b = im[i];
      re[i] = re[j], im[i] = im[j], re[j] = a, im[j] = b;
    }
  }
  for (int64_t half = 1; half < n; half *= 2)
    for (int64_t j = 0; j < half; j++) {
      double angle = sign * 3.14159265358979323846 * double(j) / double(half);
      double wr = __builtin_cos(angle), wi = __builtin_sin(angle);
      for (int64_t a = j; a < n; a += 2 * half) {
        int64_t b = a + half;
        double xr = re[b] * wr - im[b] * wi, xi = re[b] * wi + im[b] * wr;
        re[b] = re[a] - xr, im[b] = im[a] - xi;
        re[a] += xr, im[a] += xi;
      }
    }
}

struct Shape {
  int64_t B, C, H, L, K, Lk, n;
  int sides;
};

Shape shape_of(const Call& c) {
  const Tensor &u = c.in[0], &k = c.in[1];
  Shape s{u.dim[0], k.dim[0], u.dim[1], u.dim[2], k.dim[0], k.dim[2], 1, int(c.attr[0])};
  if (s.sides == kLag1 || s.sides == kDoubleZero) s.C /= 2;
  while (s.n < 2 * s.L) s.n *= 2;
  return s;
}

/** Lag of tap j of half `half`. */
int64_t lag_of(const Shape& s, int half, int64_t j) {
  if (s.sides == kCircular) return j < s.L ? j : j - 2 * s.L;
  return half == 0 ? j : s.sides == kLag1 ? -(j + 1) : -j;
}

template <class F>
void each_tap(const Shape& s, int64_t c, int64_t h, F&& visit) {
  for (int half = 0; half * s.C < s.K; half++)
    for (int64_t j = 0; j < s.Lk; j++) {
      int64_t lag = lag_of(s, half, j);
      int64_t at = ((half * s.C + c) * s.H + h) * s.Lk + j;
      visit(at, lag > -s.L && lag < s.L ? (lag + s.n) % s.n : -1);
    }
}

struct Row {
  double *re, *im;
};
void load_row(const Shape& s, Row r, const float* x) {
  for (int64_t i = 0; i < s.n; i++) r.re[i] = i < s.L ? double(x[i]) : 0, r.im[i] = 0;
  fft(r.re, r.im, s.n, -1);
}
void kernel_row(const Shape& s, Row r, const float* k, const float* D, int64_t c, int64_t h) {
  for (int64_t i = 0; i < s.n; i++) r.re[i] = r.im[i] = 0;
  each_tap(s, c, h, [&](int64_t at, int64_t i) {
    if (i >= 0) r.re[i] += double(k[at]);
  });
  if (D) r.re[0] += double(D[c * s.H + h]);
  fft(r.re, r.im, s.n, -1);
}

Row row(int thread, int slot, int64_t n) {
  double* p = static_cast<double*>(scratch(thread, slot, size_t(n) * 16));
  return {p, p + n};
}

const char* forward(const Call& call) {
  const Shape s = shape_of(call);
  const float *u = call.in[0].f(), *k = call.in[1].f(), *D = call.in[2].f();
  float* y = call.out[0].f();
  parallel(s.C * s.H, 1, [=](int64_t i, int64_t, int thread) {
    const int64_t c = i / s.H, h = i % s.H;
    Row K = row(thread, 0, s.n), U = row(thread, 1, s.n);
    kernel_row(s, K, k, D, c, h);
    for (int64_t b = 0; b < s.B; b++) {
      load_row(s, U, u + (b * s.H + h) * s.L);
      for (int64_t j = 0; j < s.n; j++) {
        double re = U.re[j] * K.re[j] - U.im[j] * K.im[j];
        U.im[j] = U.re[j] * K.im[j] + U.im[j] * K.re[j], U.re[j] = re;
      }
      fft(U.re, U.im, s.n, 1);
      for (int64_t t = 0; t < s.L; t++) y[((b * s.C + c) * s.H + h) * s.L + t] = float(U.re[t] / double(s.n));
    }
  });
  return nullptr;
}

const char* backward(const Call& call) {
  const Shape s = shape_of(call);
  const float *u = call.in[0].f(), *k = call.in[1].f(), *D = call.in[2].f(), *g = call.gout[0].f();
  float *du = call.gin[0].f(), *dk = call.gin[1].f(), *dD = call.gin[2].f();
  parallel(s.H, 1, [=](int64_t h, int64_t, int thread) {
    Row K = row(thread, 0, s.n), U = row(thread, 1, s.n), G = row(thread, 2, s.n), dK = row(thread, 3, s.n);
    for (int64_t c = 0; c < s.C; c++) {
      kernel_row(s, K, k, D, c, h);
      for (int64_t j = 0; j < s.n; j++) dK.re[j] = dK.im[j] = 0;
      for (int64_t b = 0; b < s.B; b++) {
        load_row(s, U, u + (b * s.H + h) * s.L);
        load_row(s, G, g + ((b * s.C + c) * s.H + h) * s.L);
        for (int64_t j = 0; j < s.n; j++) {
          dK.re[j] += G.re[j] * U.re[j] + G.im[j] * U.im[j];
          dK.im[j] += G.im[j] * U.re[j] - G.re[j] * U.im[j];
          double re = G.re[j] * K.re[j] + G.im[j] * K.im[j];
          G.im[j] = G.im[j] * K.re[j] - G.re[j] * K.im[j], G.re[j] = re;
        }
        if (!du) continue;
        fft(G.re, G.im, s.n, 1);
        float* out = du + (b * s.H + h) * s.L;
        for (int64_t t = 0; t < s.L; t++) out[t] = float(G.re[t] / double(s.n)) + (c ? out[t] : 0.0f);
      }
      fft(dK.re, dK.im, s.n, 1);
      if (dk) each_tap(s, c, h, [&](int64_t at, int64_t i) { dk[at] = i < 0 ? 0.0f : float(dK.re[i] / double(s.n)); });
      if (dD) dD[c * s.H + h] = float(dK.re[0] / double(s.n));
    }
  });
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("fft-conv", "forward", longconv::forward)
LONGCONV_KERNEL("fft-conv", "backward", longconv::backward)
