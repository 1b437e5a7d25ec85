// Kernel of a diagonal state space: K[c,h,l] = kappa Re sum_n k_n w_n^l with k = C B f, w = Abar (op.ts).
//
// Cost: forward 4 H C (N/2) L flops and 4 H C L bytes written, backward twice the flops. Compute bound.
// Strategy: time is cut as l = i R + r, and w^l = w^{iR} w^r turns the sum into a small real matrix product,
//   K[i,r] = sum_n Re(k_n w^{iR}) Re(w^r) - Im(k_n w^{iR}) Im(w^r):      two multiply-adds per mode and tap,
// against five for the recurrence; only (L/R + R) powers per mode are ever formed, by recurrences in float64, so the
// error does not grow with L and (H, N/2, L) never exists. Backward is the transposed product
//   T[i,n] = sum_r g[i,r] w^r,  T'[i,n] = sum_r r g[i,r] w^r,  s = sum_i w^{iR} T,  q = sum_i w^{iR} (iR T + T'),
// with the sums over i in float64. Time is further cut in spans of fixed length, the unit of work of the threads.
// Once w^{iR} has died out (all modes below what float32 can hold) the rest of the row is exactly zero.
// attr: length, discretisation.
#include "denormals.h"
#include "panel-product.h"
#include "powers.h"

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

/** Right factor of the forward product: rows Re(w_n^r) and Im(w_n^r) over r, in panels. `room`: 2 (W + R/W) Mp. */
static void power_panels(const Powers& w, int64_t R, float* room, float* out) {
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

/** The taps of one channel in one span: the left factor's rows z, z w^R, ... times the panels. */
static void span_taps(const Powers& w, const float* panels, int64_t R, int64_t length, float* left, float* tail,
                      float* out) {
  const int64_t M = w.M, inner = 2 * M;
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

const char* forward(const Call& call) {
  const Parameters p = parameters(call);
  float* K = call.out[0].f();
  const int64_t R = row_length(p.L), spans = (p.L + kSpan - 1) / kSpan, M = p.M;
  parallel(p.H * spans, 1, [&](int64_t task, int64_t end, int thread) {
    const FlushDenormals scope;
    for (; task < end; task++) {
      const int64_t h = task / spans, l0 = task % spans * kSpan;
      const int64_t length = p.L - l0 < kSpan ? p.L - l0 : kSpan;
      const Powers w(p, h, R, l0, thread);
      const int64_t room = 2 * M * kBlockRows > 2 * (W + R / W) * w.Mp ? 2 * M * kBlockRows : 2 * (W + R / W) * w.Mp;
      float* panels = static_cast<float*>(scratch(thread, 1, size_t(2 * M * R) * 4));
      float* left = static_cast<float*>(scratch(thread, 2, size_t(room) * 4));
      float* tail = static_cast<float*>(scratch(thread, 3, size_t(R) * 4));
      C64* factor = static_cast<C64*>(scratch(thread, 4, size_t(M) * sizeof(C64)));
      power_panels(w, R, left, panels);
      const double delta = exp(double(p.inv_dt[h]));
      for (int64_t n = 0; n < M; n++)
        factor[n] = input_factor(p.disc, p.A(h, n), delta, double(p.L)) * p.b(h, n) * p.kappa() *
                    C64{w.start_re[n], w.start_im[n]};
      for (int64_t c = 0; c < p.channels; c++) {
        for (int64_t n = 0; n < M; n++) {
          const C64 k = p.c(c, h, n) * factor[n];
          w.z_re[n] = k.re, w.z_im[n] = k.im;
        }
        for (int64_t n = M; n < w.Mp; n++) w.z_re[n] = w.z_im[n] = 0;
        span_taps(w, panels, R, length, left, tail, K + (c * p.H + h) * p.L + l0);
      }
    }
  });
  return nullptr;
}

/** Right factor of the backward product: for each r the rows w^r (re, im) and r w^r (re, im), in panels. */
static void weighted_panels(const Powers& w, int64_t R, int64_t columns, float* line, float* out) {
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
static void add_row(const Powers& w, const float* T, double at, double* __restrict sr, double* __restrict si,
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

/** s and q of one span, all channels: sums[c] = (s re, s im, q re, q im), each Mp long. */
static void span_sums(const Parameters& p, const float* g, int64_t h, int64_t l0, int64_t R, double* sums, int thread) {
  const Powers w(p, h, R, l0, thread);
  const int64_t length = p.L - l0 < kSpan ? p.L - l0 : kSpan, Mp = w.Mp, columns = round_up(4 * Mp, kPanel);
  float* panels = static_cast<float*>(scratch(thread, 1, size_t(columns * R) * 4));
  float* T = static_cast<float*>(scratch(thread, 2, size_t(columns * kBlockRows) * 4));
  float* tail = static_cast<float*>(scratch(thread, 3, size_t(R) * 4));
  weighted_panels(w, R, columns, T, panels);
  for (int64_t c = 0; c < p.channels; c++) {
    double *sr = sums + c * 4 * Mp, *si = sr + Mp, *qr = si + Mp, *qi = qr + Mp;
    for (int64_t n = 0; n < 4 * Mp; n++) sr[n] = 0;
    for (int64_t n = 0; n < Mp; n++) w.z_re[n] = w.start_re[n], w.z_im[n] = w.start_im[n];
    const float* row = g + (c * p.H + h) * p.L + l0;
    for (int64_t l = 0; l < length;) {
      if (largest(w.z_re, w.z_im, Mp) < kDead * kDead) break;  // nothing further reaches float32
      const int64_t rows = (length - l + R - 1) / R < kBlockRows ? (length - l + R - 1) / R : kBlockRows;
      const int64_t whole = length - l >= rows * R ? rows : rows - 1;
      for (int64_t q = 0; q < columns / kPanel; q++)
        panel_product(row + l, R, whole, panels + q * R * kPanel, R, T + q * kPanel, columns);
      if (whole < rows) {
        for (int64_t i = 0; i < R; i++) tail[i] = l + whole * R + i < length ? row[l + whole * R + i] : 0;
        for (int64_t q = 0; q < columns / kPanel; q++)
          panel_product(tail, R, 1, panels + q * R * kPanel, R, T + whole * columns + q * kPanel, columns);
      }
      for (int64_t i = 0; i < rows; i++) add_row(w, T + i * columns, double(l0 + l + i * R), sr, si, qr, qi);
      l += rows * R;
    }
  }
}

const char* backward(const Call& call) {
  const Parameters p = parameters(call);
  const float* g = call.gout[0].f();
  const Tensor &g_dt = call.gin[0], &g_re = call.gin[1], &g_im = call.gin[2], &g_B = call.gin[3], &g_C = call.gin[4];
  const int64_t R = row_length(p.L), spans = (p.L + kSpan - 1) / kSpan, M = p.M, Mp = round_up(M, W);
  const int64_t each = p.channels * 4 * Mp;
  double* sums = static_cast<double*>(scratch(0, 5, size_t(p.H * spans * each) * 8));
  parallel(p.H * spans, 1, [&](int64_t task, int64_t end, int thread) {
    const FlushDenormals scope;
    for (; task < end; task++)
      span_sums(p, g, task / spans, task % spans * kSpan, R, sums + task * each, thread);
  });
  // A copy's gradient is the sum over the features that share it: one task per copy, features in order.
  parallel(p.S, 1, [&](int64_t s, int64_t end, int) {
    for (; s < end; s++)
      for (int64_t n = 0; n < M; n++) {
        C64 total_A = {0, 0}, total_B = {0, 0};
        for (int64_t h = s; h < p.H; h += p.S) {
          const C64 A = p.A(h, n), B = p.b(h, n);
          const double delta = exp(double(p.inv_dt[h]));
          const C64 f = input_factor(p.disc, A, delta, double(p.L));
          C64 g_f = {0, 0}, g_log = {0, 0};
          for (int64_t c = 0; c < p.channels; c++) {
            double t[4] = {0, 0, 0, 0};
            for (int64_t k = 0; k < spans; k++)
              for (int j = 0; j < 4; j++) t[j] += sums[(h * spans + k) * each + (c * 4 + j) * Mp + n];
            const C64 S = conj(C64{t[0], t[1]}) * p.kappa(), Q = conj(C64{t[2], t[3]}) * p.kappa();
            const C64 C = p.c(c, h, n);
            g_f = g_f + conj(C * B) * S;
            g_log = g_log + conj(C * B * f) * Q;
            total_B = total_B + conj(C * f) * S;
            if (g_C) {
              const C64 G = conj(B * f) * S;
              float* out = g_C.f() + 2 * ((c * p.H + h) * M + n);
              out[0] = float(G.re), out[1] = float(G.im);
            }
          }
          C64 g_A;
          double g_delta;
          pull_step(p.disc, A, delta, double(p.L), g_log, g_f, g_A, g_delta);
          total_A = total_A + g_A;
          sums[h * spans * each + n] = delta * g_delta;  // this mode's sums are read: its share of the step's gradient
        }
        if (g_re) g_re.f()[s * M + n] = float(p.A(s, n).re * total_A.re);
        if (g_im) g_im.f()[s * M + n] = float(-total_A.im);
        if (g_B) {
          float* out = g_B.f() + 2 * (s * M + n);
          out[0] = float(total_B.re), out[1] = float(total_B.im);
        }
      }
  });
  if (g_dt)
    for (int64_t h = 0; h < p.H; h++) {
      double sum = 0;
      for (int64_t n = 0; n < M; n++) sum += sums[h * spans * each + n];
      g_dt.f()[h] = float(sum);
    }
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("s4d-kernel", "forward", longconv::forward)
LONGCONV_KERNEL("s4d-kernel", "backward", longconv::backward)
