// Real Fourier transforms of any length n in float32, with twiddles from float64 angles.
//
// Even n is a complex transform of n/2 points, odd n one of n; complex lengths that are no power of two go by Bluestein's
// chirp.
#pragma once
#include <string.h>

#include "power-of-two-fft.h"

namespace longconv {
namespace {

LC_INLINE V reversed(V a) {
#if defined(__clang__)
  V r = V{};
  for (int i = 0; i < W; i++) r[i] = a[W - 1 - i];
  return r;
#else
  VI m = VI{};
  for (int i = 0; i < W; i++) m[i] = W - 1 - i;
  return __builtin_shuffle(a, m);
#endif
}

/** Complex transform of any length. */
struct ComplexFft {
  int64_t n;
  bool chirped;
  PowerOfTwo fft;
  float *chirp_re, *chirp_im, *spectrum_re, *spectrum_im;

  void layout(Arena& arena, int64_t size) {
    n = size;
    chirped = (n & (n - 1)) != 0;
    int64_t m = 1;
    while (m < (chirped ? 2 * n - 1 : n)) m *= 2;
    fft.layout(arena, m);
    if (!chirped) return;
    chirp_re = arena.take<float>(n), chirp_im = arena.take<float>(n);
    spectrum_re = arena.take<float>(m), spectrum_im = arena.take<float>(m);
  }
  int64_t work() const { return PowerOfTwo::work(fft.n) + (chirped ? 4 * fft.n : 0); }
  /** `work`: the room that `run` needs, of the calling thread. */
  void fill(float* work) {
    fft.fill();
    if (!chirped) return;
    const int64_t m = fft.n;
    float *br = work, *bi = work + m;
    for (int64_t i = 0; i < 2 * m; i++) work[i] = 0;
    for (int64_t j = 0; j < n; j++) {
      double angle = kTau * double((j * j) % (2 * n)) / double(2 * n);
      chirp_re[j] = float(cos(angle)), chirp_im[j] = -float(sin(angle));
      br[j] = chirp_re[j], bi[j] = -chirp_im[j];
      if (j) br[m - j] = br[j], bi[m - j] = bi[j];
    }
    fft.run(br, bi, spectrum_re, spectrum_im, work + 2 * m);
    for (int64_t i = 0; i < m; i++) spectrum_re[i] /= float(m), spectrum_im[i] /= float(m);
  }
  void run(const float* xr, const float* xi, float* yr, float* yi, float* work) const {
    if (!chirped) return fft.run(xr, xi, yr, yi, work);
    const int64_t m = fft.n;
    float *ar = work, *ai = work + m, *br = work + 2 * m, *bi = work + 3 * m, *rest = work + 4 * m;
    for (int64_t j = 0; j < n; j++) {
      ar[j] = xr[j] * chirp_re[j] - xi[j] * chirp_im[j];
      ai[j] = xr[j] * chirp_im[j] + xi[j] * chirp_re[j];
    }
    for (int64_t j = n; j < m; j++) ar[j] = ai[j] = 0;
    fft.run(ar, ai, br, bi, rest);
    for (int64_t j = 0; j < m; j++) {
      float re = br[j] * spectrum_re[j] - bi[j] * spectrum_im[j];
      bi[j] = br[j] * spectrum_im[j] + bi[j] * spectrum_re[j];
      br[j] = re;
    }
    fft.run(bi, br, ai, ar, rest);
    for (int64_t k = 0; k < n; k++) {
      yr[k] = ar[k] * chirp_re[k] - ai[k] * chirp_im[k];
      yi[k] = ar[k] * chirp_im[k] + ai[k] * chirp_re[k];
    }
  }
};

/** Real transform of n points to and from bins 0..n/2. */
struct RealFft {
  int64_t n;
  ComplexFft fft;
  float *twiddle_re, *twiddle_im;

  void layout(Arena& arena, int64_t size) {
    n = size;
    fft.layout(arena, n % 2 ? n : n / 2);
    const int64_t half = n % 2 ? 0 : n / 2 + W;
    twiddle_re = arena.take<float>(half), twiddle_im = arena.take<float>(half);
  }
  /** Floats of work space of `forward` and `inverse`. */
  int64_t work() const { return fft.work() + 4 * fft.n; }
  void fill(float* work) {
    fft.fill(work);
    if (n % 2 == 0) roots_of_unity(twiddle_re, twiddle_im, n / 2 + W, 1, n);
  }

  /** x[0..n) from bins X[0..n/2]; the imaginary parts of bins 0 and n/2 are not read. Overwrites nothing of X. */
  void inverse(const float* Xr, const float* Xi, float* x, float* work) const {
    const int64_t m = fft.n;
    float *zr = work, *zi = work + m, *or_ = work + 2 * m, *oi = work + 3 * m, *rest = work + 4 * m;
    const float scale = 1.0f / float(n);
    if (n % 2) {
      zr[0] = Xr[0] * scale, zi[0] = 0;
      for (int64_t k = 1; 2 * k < n; k++) {
        zr[k] = zr[n - k] = Xr[k] * scale;
        zi[k] = Xi[k] * scale, zi[n - k] = -zi[k];
      }
      fft.run(zi, zr, oi, or_, rest);
      memcpy(x, or_, size_t(n) * 4);
      return;
    }
    zr[0] = (Xr[0] + Xr[m]) * scale, zi[0] = (Xr[0] - Xr[m]) * scale;
    // Z[k] = (X[k] + conj X[m-k]) + i conj(w^k) (X[k] - conj X[m-k]), over n
    int64_t k = 1;
    for (; k + W <= m; k += W) {
      const V ar = load(Xr + k), ai = load(Xi + k);
      const V br = reversed(load(Xr + m - k - W + 1)), bi = reversed(load(Xi + m - k - W + 1));
      const V c = load(twiddle_re + k), s = load(twiddle_im + k);  // w^k = c + i s
      const V dr = ar - br, di = ai + bi;
      const V tr = dr * c + di * s, ti = di * c - dr * s;
      store(zr + k, (ar + br - ti) * splat(scale));
      store(zi + k, (ai - bi + tr) * splat(scale));
    }
    for (; k < m; k++) {
      const float dr = Xr[k] - Xr[m - k], di = Xi[k] + Xi[m - k];
      const float tr = dr * twiddle_re[k] + di * twiddle_im[k], ti = di * twiddle_re[k] - dr * twiddle_im[k];
      zr[k] = (Xr[k] + Xr[m - k] - ti) * scale, zi[k] = (Xi[k] - Xi[m - k] + tr) * scale;
    }
    fft.run(zi, zr, oi, or_, rest);
    for (int64_t j = 0; j < m; j++) x[2 * j] = or_[j], x[2 * j + 1] = oi[j];
  }

  /** Bins X[0..n/2] of x[0..n); the imaginary parts of bins 0 and n/2 are zero. */
  void forward(const float* x, float* Xr, float* Xi, float* work) const {
    const int64_t m = fft.n;
    float *zr = work, *zi = work + m, *fr = work + 2 * m, *fi = work + 3 * m, *rest = work + 4 * m;
    if (n % 2) {
      memcpy(zr, x, size_t(n) * 4);
      for (int64_t j = 0; j < n; j++) zi[j] = 0;
      fft.run(zr, zi, fr, fi, rest);
      for (int64_t k = 0; 2 * k < n; k++) Xr[k] = fr[k], Xi[k] = fi[k];
      Xi[0] = 0;
      return;
    }
    for (int64_t j = 0; j < m; j++) zr[j] = x[2 * j], zi[j] = x[2 * j + 1];
    fft.run(zr, zi, fr, fi, rest);
    Xr[0] = fr[0] + fi[0], Xr[m] = fr[0] - fi[0], Xi[0] = Xi[m] = 0;
    const V half = splat(0.5f);
    int64_t k = 1;
    for (; k + W <= m; k += W) {
      const V ar = load(fr + k), ai = load(fi + k);
      const V br = reversed(load(fr + m - k - W + 1)), bi = reversed(load(fi + m - k - W + 1));
      const V c = load(twiddle_re + k), s = load(twiddle_im + k);
      const V dr = ai + bi, di = br - ar;  // -i (Z[k] - conj Z[m-k])
      store(Xr + k, half * (ar + br + dr * c - di * s));
      store(Xi + k, half * (ai - bi + dr * s + di * c));
    }
    for (; k < m; k++) {
      const float dr = fi[k] + fi[m - k], di = fr[m - k] - fr[k], c = twiddle_re[k], s = twiddle_im[k];
      Xr[k] = 0.5f * (fr[k] + fr[m - k] + dr * c - di * s);
      Xi[k] = 0.5f * (fi[k] - fi[m - k] + dr * s + di * c);
    }
  }
};

}  // namespace
}  // namespace longconv
