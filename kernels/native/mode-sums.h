// Sums over modes, K[l] = Re sum_n k_n w_n^l, and their adjoint, s_n = sum_l g_l w_n^l and q_n = sum_l l g_l w_n^l: the
// kernels of diagonal state spaces and their gradients.
//
// Time is cut as l = i R + r, and w^l = w^{iR} w^r turns the sum into a small real matrix product,
//   K[i,r] = sum_n Re(k_n w^{iR}) Re(w^r) - Im(k_n w^{iR}) Im(w^r):      two multiply-adds per mode and tap,
// against five for the recurrence; only (L/R + R) powers per mode are ever formed, by recurrences in float64, so the
// error does not grow with L and no array of modes by taps exists. Rows that share their modes share the right factor.
// The adjoint is the transposed product
//   T[i,n] = sum_r g[i,r] w^r,  T'[i,n] = sum_r r g[i,r] w^r,  s = sum_i w^{iR} T,  q = sum_i w^{iR} (iR T + T'),
// with the sums over i in float64. Time is further cut in spans of fixed length, the unit of work of the threads.
// Once w^{iR} has died out (all modes below what float32 can hold) the rest of the row is exactly zero. |w| <= 1, or so
// little more that w^{kSpan} is an ordinary number.
#pragma once
#include "complex64.h"
#include "denormals.h"
#include "panel-product.h"
#include "threads.h"

namespace longconv {
namespace {

constexpr int64_t kSpan = 1 << 15;
constexpr int64_t kBlockRows = 24;  // a multiple of kPanelRows on every instruction set
constexpr double kDead = 1e-76;     // squared size below which a power does not reach float32

/** Taps per row: near sqrt(L/2), a multiple of the panel. */
static inline int64_t row_length(int64_t L) {
  int64_t R = 64;
  while (R < 256 && 2 * R * R < L) R *= 2;
  return R;
}

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

/** Powers w^l of M modes in float64, arrays of Mp (a multiple of the vector) modes, the padding zero. */
struct Powers {
  int64_t M, Mp;
  double *step_re, *step_im;    // w
  double *lane_re, *lane_im;    // w^W
  double *row_re, *row_im;      // w^R
  double *start_re, *start_im;  // w^{l0}
  double *z_re, *z_im;          // what is being advanced

  /** `log`: log w of each mode. R: taps per row, a multiple of W. l0: the tap at which the rows begin. */
  Powers(const C64* log, int64_t modes, int64_t R, int64_t l0, int thread) : M(modes), Mp(round_up(modes, W)) {
    double* room = static_cast<double*>(scratch(thread, 0, size_t(10 * Mp) * sizeof(double)));
    double** slots[] = {&step_re, &step_im, &lane_re, &lane_im, &row_re, &row_im, &start_re, &start_im, &z_re, &z_im};
    for (double** s : slots) *s = room, room += Mp;
    for (int64_t n = 0; n < M; n++) {
      const C64 step = cexp(log[n]), start = l0 ? cexp(log[n] * double(l0)) : C64{1, 0};
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
  /** z = k w^{l0} */
  void begin(const C64* k) const {
    for (int64_t n = 0; n < M; n++) {
      const C64 z = k[n] * C64{start_re[n], start_im[n]};
      z_re[n] = z.re, z_im[n] = z.im;
    }
    for (int64_t n = M; n < Mp; n++) z_re[n] = z_im[n] = 0;
  }
  /** z = w^{l0} */
  void begin() const {
    for (int64_t n = 0; n < Mp; n++) z_re[n] = start_re[n], z_im[n] = start_im[n];
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

/** Right factor of the forward product: rows Re(w_n^r) and Im(w_n^r) over r, in panels. `room`: 2 (W + R/W) Mp. */
static inline void power_panels(const Powers& w, int64_t R, float* room, float* out) {
  const int64_t M = w.M, Mp = w.Mp, inner = 2 * M, jumps = R / W;
  // The first W powers, (mode x lane), and the powers of W, (jump x mode), from float64; their products are vectors of
  // powers with one more rounding.
  float *first_re = room, *first_im = room + W * Mp, *jump_re = first_im + W * Mp, *jump_im = jump_re + jumps * Mp;
  w.reset();
  for (int64_t i = 0; i < W; i++) {
    for (int64_t n = 0; n < Mp; n++) first_re[n * W + i] = float(w.z_re[n]), first_im[n * W + i] = float(w.z_im[n]);
    w.advance_by(w.step_re, w.step_im);
  }
  w.reset();
  for (int64_t j = 0; j < jumps; j++) {
    for (int64_t n = 0; n < Mp; n++) jump_re[j * Mp + n] = float(w.z_re[n]), jump_im[j * Mp + n] = float(w.z_im[n]);
    w.advance_by(w.lane_re, w.lane_im);
  }
  for (int64_t n = 0; n < M; n++) {
    const V fr = load(first_re + n * W), fi = load(first_im + n * W);
    for (int64_t j = 0; j < jumps; j++) {
      const V zr = splat(jump_re[j * Mp + n]), zi = splat(jump_im[j * Mp + n]);
      const int64_t r = j * W;
      float* at = out + r / kPanel * (inner * kPanel) + r % kPanel;
      store(at + n * kPanel, fr * zr - fi * zi);
      store(at + (M + n) * kPanel, fr * zi + fi * zr);
    }
  }
}

/** Scratch slots 1 to 3 of a thread, for the taps of M modes. */
struct TapRoom {
  float *panels, *left, *tail;
  TapRoom(const Powers& w, int64_t R, int thread) {
    const int64_t rows = 2 * w.M * kBlockRows, powers = 2 * (W + R / W) * w.Mp;
    panels = static_cast<float*>(scratch(thread, 1, size_t(2 * w.M * R) * 4));
    left = static_cast<float*>(scratch(thread, 2, size_t(rows > powers ? rows : powers) * 4));
    tail = static_cast<float*>(scratch(thread, 3, size_t(R) * 4));
    power_panels(w, R, left, panels);
  }
};

/** The taps of one row in one span: the left factor's rows z, z w^R, ... times the panels. */
static inline void span_taps(const Powers& w, const TapRoom& room, int64_t R, int64_t length, float* out) {
  const int64_t M = w.M, inner = 2 * M;
  float *panels = room.panels, *left = room.left, *tail = room.tail;
  for (int64_t l = 0; l < length;) {
    if (largest(w.z_re, w.z_im, M) < kDead) {
      for (; l < length; l++) out[l] = 0;
      return;
    }
    const int64_t rows = (length - l + R - 1) / R < kBlockRows ? (length - l + R - 1) / R : kBlockRows;
    for (int64_t i = 0; i < rows; i++) {
      float* a = left + i * inner;
      for (int64_t n = 0; n < M; n++) a[n] = float(w.z_re[n]), a[M + n] = -float(w.z_im[n]);
      w.advance_by(w.row_re, w.row_im);
    }
    const int64_t whole = length - l >= rows * R ? rows : rows - 1;
    for (int64_t r = 0; r < R; r += kPanel)
      panel_product(left, inner, whole, panels + r * inner, inner, out + l + r, R);
    if (whole < rows) {
      for (int64_t r = 0; r < R; r += kPanel)
        panel_product(left + whole * inner, inner, 1, panels + r * inner, inner, tail + r, R);
      for (int64_t i = l + whole * R; i < length; i++) out[i] = tail[i - l - whole * R];
    }
    l += rows * R;
  }
}

/** Right factor of the backward product: for each r the rows w^r (re, im) and r w^r (re, im), in panels. */
static inline void weighted_panels(const Powers& w, int64_t R, int64_t columns, float* line, float* out) {
  const int64_t Mp = w.Mp, panels = columns / kPanel;
  for (int64_t j = 4 * Mp; j < columns; j++) line[j] = 0;
  w.reset();
  for (int64_t r = 0; r < R; r++) {
    const float at = float(r);
    for (int64_t n = 0; n < Mp; n++) {
      float re = float(w.z_re[n]), im = float(w.z_im[n]);
      line[n] = re, line[Mp + n] = im, line[2 * Mp + n] = at * re, line[3 * Mp + n] = at * im;
    }
    for (int64_t q = 0; q < panels; q++)
      for (int v = 0; v < kPanel; v += W) store(out + (q * R + r) * kPanel + v, load(line + q * kPanel + v));
    w.advance_by(w.step_re, w.step_im);
  }
}

/** s += z T and q += z (at T + T') for one row of products (T re, T im, T' re, T' im); then z goes to the next row. */
static inline void add_row(const Powers& w, const float* T, double at, double* __restrict sr, double* __restrict si,
                    double* __restrict qr, double* __restrict qi) {
  const int64_t Mp = w.Mp;
  const double *zr = w.z_re, *zi = w.z_im;
  for (int64_t n = 0; n < Mp; n++) {
    double re = T[n], im = T[Mp + n];
    sr[n] += zr[n] * re - zi[n] * im;
    si[n] += zr[n] * im + zi[n] * re;
    re = at * re + T[2 * Mp + n], im = at * im + T[3 * Mp + n];
    qr[n] += zr[n] * re - zi[n] * im;
    qi[n] += zr[n] * im + zi[n] * re;
  }
  w.advance_by(w.row_re, w.row_im);
}

/** Scratch slots 1 to 3 of a thread, for the sums of M modes. */
struct SumRoom {
  int64_t columns;
  float *panels, *T, *tail;
  SumRoom(const Powers& w, int64_t R, int thread) : columns(round_up(4 * w.Mp, kPanel)) {
    panels = static_cast<float*>(scratch(thread, 1, size_t(columns * R) * 4));
    T = static_cast<float*>(scratch(thread, 2, size_t(columns * kBlockRows) * 4));
    tail = static_cast<float*>(scratch(thread, 3, size_t(R) * 4));
    weighted_panels(w, R, columns, T, panels);
  }
};

/** s and q of one row g of `length` taps from l0 on: sums = (s re, s im, q re, q im), each Mp long. */
static inline void span_sums(const Powers& w, const SumRoom& room, int64_t R, const float* g, int64_t l0, int64_t length,
                             double* sums) {
  const int64_t Mp = w.Mp, columns = room.columns;
  float *panels = room.panels, *T = room.T, *tail = room.tail;
  double *sr = sums, *si = sr + Mp, *qr = si + Mp, *qi = qr + Mp;
  for (int64_t n = 0; n < 4 * Mp; n++) sums[n] = 0;
  w.begin();
  for (int64_t l = 0; l < length;) {
    if (largest(w.z_re, w.z_im, Mp) < kDead * kDead) return;  // nothing further reaches float32
    const int64_t rows = (length - l + R - 1) / R < kBlockRows ? (length - l + R - 1) / R : kBlockRows;
    const int64_t whole = length - l >= rows * R ? rows : rows - 1;
    for (int64_t q = 0; q < columns / kPanel; q++)
      panel_product(g + l, R, whole, panels + q * R * kPanel, R, T + q * kPanel, columns);
    if (whole < rows) {
      for (int64_t i = 0; i < R; i++) tail[i] = l + whole * R + i < length ? g[l + whole * R + i] : 0;
      for (int64_t q = 0; q < columns / kPanel; q++)
        panel_product(tail, R, 1, panels + q * R * kPanel, R, T + whole * columns + q * kPanel, columns);
    }
    for (int64_t i = 0; i < rows; i++) add_row(w, T + i * columns, double(l0 + l + i * R), sr, si, qr, qi);
    l += rows * R;
  }
}

}  // namespace
}  // namespace longconv
