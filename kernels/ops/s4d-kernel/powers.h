// Powers of a feature's modes in float64, advanced together: the loops over modes are left to the vectoriser.
#pragma once
#include "modes.h"
#include "simd.h"

namespace longconv {
namespace {

static inline int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

/** z *= w for m modes held as separate arrays of real and imaginary parts. */
LC_INLINE void advance(double* __restrict zr, double* __restrict zi, const double* __restrict wr,
                       const double* __restrict wi, int64_t m) {
  for (int64_t n = 0; n < m; n++) {
    double re = zr[n] * wr[n] - zi[n] * wi[n];
    zi[n] = zr[n] * wi[n] + zi[n] * wr[n];
    zr[n] = re;
  }
}

static double largest(const double* zr, const double* zi, int64_t m) {
  double most = 0;
  for (int64_t n = 0; n < m; n++) {
    double size = zr[n] * zr[n] + zi[n] * zi[n];
    most = most > size ? most : size;
  }
  return most;
}

/** Powers of one feature's modes in float64, arrays of Mp (a multiple of the vector) modes, the padding zero. */
struct Powers {
  int64_t M, Mp;
  double *step_re, *step_im;    // Abar
  double *lane_re, *lane_im;    // Abar^W
  double *row_re, *row_im;      // Abar^R
  double *start_re, *start_im;  // Abar^{l0}
  double *z_re, *z_im;          // what is being advanced

  Powers(const Parameters& p, int64_t h, int64_t R, int64_t l0, int thread) : M(p.M), Mp(round_up(p.M, W)) {
    double* room = static_cast<double*>(scratch(thread, 0, size_t(10 * Mp) * sizeof(double)));
    double** slots[] = {&step_re, &step_im, &lane_re, &lane_im, &row_re, &row_im, &start_re, &start_im, &z_re, &z_im};
    for (double** s : slots) *s = room, room += Mp;
    const double delta = exp(double(p.inv_dt[h]));
    for (int64_t n = 0; n < M; n++) {
      const C64 log = log_step(p.disc, p.A(h, n) * delta), step = cexp(log);
      const C64 start = l0 ? cexp(log * double(l0)) : C64{1, 0};
      step_re[n] = step.re, step_im[n] = step.im;
      start_re[n] = start.re, start_im[n] = start.im;
    }
    for (int64_t n = M; n < Mp; n++) step_re[n] = step_im[n] = start_re[n] = start_im[n] = 0;
    raise(lane_re, lane_im, step_re, step_im, W);
    raise(row_re, row_im, lane_re, lane_im, R / W);
  }
  /** z = 1 */
  void reset() const {
    for (int64_t n = 0; n < Mp; n++) z_re[n] = 1, z_im[n] = 0;
  }
  void advance_by(const double* wr, const double* wi) const { advance(z_re, z_im, wr, wi, Mp); }

 private:
  /** to = from^exponent, a power of two, by squaring. */
  void raise(double* __restrict tr, double* __restrict ti, const double* fr, const double* fi, int64_t exponent) const {
    for (int64_t n = 0; n < Mp; n++) tr[n] = fr[n], ti[n] = fi[n];
    for (; exponent > 1; exponent /= 2)
      for (int64_t n = 0; n < Mp; n++) {
        double re = tr[n] * tr[n] - ti[n] * ti[n];
        ti[n] = 2 * tr[n] * ti[n];
        tr[n] = re;
      }
  }
};

}  // namespace
}  // namespace longconv
