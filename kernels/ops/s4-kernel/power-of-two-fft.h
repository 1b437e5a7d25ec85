// Complex Fourier transforms of a power of two in float32, in natural order, with twiddles from float64 angles.
//
// From W^2 points on in vectors: the index is cut as j = j1 W + j2, so that the passes over j1 (Stockham, radix 4) are
// plain vector code with j2 in the lanes; a last pass transposes W x W blocks in registers and does the W-point transforms
// across registers, which puts the result in natural order. Shorter ones run in scalars.
#pragma once
#include <math.h>

#include "kernel.h"
#include "simd.h"

namespace longconv {
namespace {

constexpr double kTau = 6.283185307179586476925286766559;

/** Hands out 64-byte aligned pieces of one block; with no block it only counts. */
struct Arena {
  char* base;
  size_t used;
  template <class T>
  T* take(int64_t n) {
    size_t at = used;
    used += (size_t(n) * sizeof(T) + 63) / 64 * 64;
    return base ? reinterpret_cast<T*>(base + at) : nullptr;
  }
};

/** re[j] + i im[j] = exp(-2 pi i (j step mod n)/n) for j < count. */
static void roots_of_unity(float* re, float* im, int64_t count, int64_t step, int64_t n) {
  parallel(count, 2048, [=](int64_t j, int64_t end, int) {
    for (; j < end; j++) {
      double angle = kTau * double((j * step) % n) / double(n);
      re[j] = float(cos(angle)), im[j] = -float(sin(angle));
    }
  });
}

LC_INLINE void transpose(V (&a)[W]) {
#if defined(__clang__)
  float t[W][W];
  for (int i = 0; i < W; i++) store(t[i], a[i]);
  for (int i = 0; i < W; i++)
    for (int j = 0; j < W; j++) a[i][j] = t[j][i];
#else
#pragma GCC unroll 5
  for (int step = 1; step < W; step *= 2) {
    VI low = VI{}, high = VI{};
    for (int l = 0; l < W; l++) low[l] = l & step ? W + l - step : l, high[l] = l & step ? W + l : l + step;
#pragma GCC unroll 16
    for (int i = 0; i < W; i++)
      if (!(i & step)) {
        V x = __builtin_shuffle(a[i], a[i + step], low);
        a[i + step] = __builtin_shuffle(a[i], a[i + step], high);
        a[i] = x;
      }
  }
#endif
}

constexpr float kCos[8] = {1.0f,  0.92387953251128676f, 0.70710678118654752f, 0.38268343236508977f,
                           0.0f, -0.38268343236508977f, -0.70710678118654752f, -0.92387953251128676f};

/** W-point transform across registers; result k stands in slot bit-reverse(k). */
LC_INLINE void lane_transform(V (&re)[W], V (&im)[W]) {
#pragma GCC unroll 5
  for (int half = W / 2; half; half /= 2)
#pragma GCC unroll 16
    for (int i = 0; i < W; i++) {
      if (i & half) continue;
      const int at = (i & (half - 1)) * (8 / half);  // twiddle exp(-2 pi i at/16)
      V ar = re[i], ai = im[i], br = re[i + half], bi = im[i + half];
      re[i] = ar + br, im[i] = ai + bi;
      ar -= br, ai -= bi;
      if (at == 0) re[i + half] = ar, im[i + half] = ai;
      else if (at == 4) re[i + half] = ai, im[i + half] = V{} - ar;
      else {
        const V c = splat(kCos[at]), s = splat(kCos[at < 4 ? 4 - at : at - 4]);
        re[i + half] = ar * c + ai * s;
        im[i + half] = ai * c - ar * s;
      }
    }
}

constexpr int bit_reverse(int i) {
  int r = 0;
  for (int b = 1; b < W; b *= 2, i /= 2) r = r * 2 + i % 2;
  return r;
}

/** Complex transform of a power of two, forward, out of place; the inverse is the same with re and im exchanged. */
struct PowerOfTwo {
  int64_t n, columns;  // columns: n/W when vectorised, else 0
  float *pass_re, *pass_im, *lane_re, *lane_im;

  static bool vectorised(int64_t n) { return n >= int64_t(W) * W; }
  /** Floats of work space that `run` needs. */
  static int64_t work(int64_t n) { return vectorised(n) ? 4 * n : 2 * n; }

  void layout(Arena& arena, int64_t size) {
    n = size;
    columns = vectorised(n) ? n / W : 0;
    int64_t passes = columns ? columns : n;
    pass_re = arena.take<float>(passes), pass_im = arena.take<float>(passes);
    lane_re = arena.take<float>(columns ? n : 0), lane_im = arena.take<float>(columns ? n : 0);
  }
  void fill() {
    int64_t passes = columns ? columns : n;
    roots_of_unity(pass_re, pass_im, passes, 1, passes);
    if (!columns) return;
    float *re = lane_re, *im = lane_im;
    const int64_t total = n;
    parallel(columns, 256, [=](int64_t k, int64_t end, int) {
      for (; k < end; k++)
        for (int64_t j = 0; j < W; j++) {
          double angle = kTau * double(j * k) / double(total);
          re[k * W + j] = float(cos(angle)), im[k * W + j] = -float(sin(angle));
        }
    });
  }

  void run(const float* xr, const float* xi, float* yr, float* yi, float* work) const {
    if (!columns) return run_scalar(xr, xi, yr, yi);
    const float *ar = xr, *ai = xi;
    float* buffers[2][2] = {{work, work + n}, {work + 2 * n, work + 3 * n}};
    int turn = 0;
    int64_t s = 1;
    for (int64_t len = columns; len > 1; turn ^= 1) {
      float *br = buffers[turn][0], *bi = buffers[turn][1];
      if (len % 4 == 0) {
        radix4(ar, ai, br, bi, len, s);
        len /= 4, s *= 4;
      } else {
        radix2(ar, ai, br, bi, s);
        len /= 2, s *= 2;
      }
      ar = br, ai = bi;
    }
    lanes(ar, ai, yr, yi);
  }

 private:
  void radix4(const float* xr, const float* xi, float* yr, float* yi, int64_t len, int64_t s) const {
    const int64_t m = len / 4, jump = s * m * W, span = s * W;
    for (int64_t p = 0; p < m; p++) {
      const V w1r = splat(pass_re[p * s]), w1i = splat(pass_im[p * s]);
      const V w2r = splat(pass_re[2 * p * s]), w2i = splat(pass_im[2 * p * s]);
      const V w3r = splat(pass_re[3 * p * s]), w3i = splat(pass_im[3 * p * s]);
      const float *ar = xr + p * span, *ai = xi + p * span;
      float *br = yr + 4 * p * span, *bi = yi + 4 * p * span;
      for (int64_t q = 0; q < span; q += W) {
        V a = load(ar + q), b = load(ar + q + jump), c = load(ar + q + 2 * jump), d = load(ar + q + 3 * jump);
        V e = load(ai + q), f = load(ai + q + jump), g = load(ai + q + 2 * jump), h = load(ai + q + 3 * jump);
        V pr = a + c, pi = e + g, mr = a - c, mi = e - g;     // a + c, a - c
        V sr = b + d, si = f + h, tr = b - d, ti = f - h;     // b + d, b - d
        store(br + q, pr + sr), store(bi + q, pi + si);
        V ur = pr - sr, ui = pi - si;
        store(br + q + 2 * span, ur * w2r - ui * w2i), store(bi + q + 2 * span, ur * w2i + ui * w2r);
        V vr = mr + ti, vi = mi - tr;  // (a - c) - i (b - d)
        store(br + q + span, vr * w1r - vi * w1i), store(bi + q + span, vr * w1i + vi * w1r);
        vr = mr - ti, vi = mi + tr;
        store(br + q + 3 * span, vr * w3r - vi * w3i), store(bi + q + 3 * span, vr * w3i + vi * w3r);
      }
    }
  }
  void radix2(const float* xr, const float* xi, float* yr, float* yi, int64_t s) const {
    const int64_t span = s * W;  // the last pass: len = 2, no twiddles
    for (int64_t q = 0; q < span; q += W) {
      V a = load(xr + q), b = load(xr + q + span), c = load(xi + q), d = load(xi + q + span);
      store(yr + q, a + b), store(yr + q + span, a - b);
      store(yi + q, c + d), store(yi + q + span, c - d);
    }
  }
  void lanes(const float* xr, const float* xi, float* yr, float* yi) const {
    for (int64_t k = 0; k < columns; k += W) {
      V re[W], im[W];
      for (int r = 0; r < W; r++) {
        const int64_t at = (k + r) * W;
        V a = load(xr + at), b = load(xi + at), c = load(lane_re + at), d = load(lane_im + at);
        re[r] = a * c - b * d, im[r] = a * d + b * c;
      }
      transpose(re);
      transpose(im);
      lane_transform(re, im);
#pragma GCC unroll 16
      for (int j = 0; j < W; j++) {
        store(yr + k + columns * j, re[bit_reverse(j)]);
        store(yi + k + columns * j, im[bit_reverse(j)]);
      }
    }
  }
  void run_scalar(const float* xr, const float* xi, float* yr, float* yi) const {
    for (int64_t i = 0, j = 0; i < n; i++) {
      yr[j] = xr[i], yi[j] = xi[i];
      int64_t bit = n >> 1;
      for (; bit && (j & bit); bit >>= 1) j ^= bit;
      j |= bit;
    }
    for (int64_t half = 1; half < n; half *= 2)
      for (int64_t base = 0; base < n; base += 2 * half)
        for (int64_t j = 0; j < half; j++) {
          const float wr = pass_re[j * (n / (2 * half))], wi = pass_im[j * (n / (2 * half))];
          float *a = yr + base + j, *b = yi + base + j;
          const float tr = a[half] * wr - b[half] * wi, ti = a[half] * wi + b[half] * wr;
          a[half] = *a - tr, b[half] = *b - ti;
          *a += tr, *b += ti;
        }
  }
};

}  // namespace
}  // namespace longconv
