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
#include "modes.h"
#include "panel-product.h"
#include "simd.h"

namespace longconv {
namespace {

constexpr int64_t kSpan = 1 << 15;
constexpr int64_t kBlockRows = 24;  // a multiple of kPanelRows on every instruction set
constexpr double kDead = 1e-34;     // smaller values are dropped: their products would be denormal

static inline int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

/** Taps per row: near sqrt(L/2), a multiple of the panel. */
static inline int64_t row_length(int64_t L) {
  int64_t R = 64;
  while (R < 256 && 2 * R * R < L) R *= 2;
  return R;
}

/** z *= w for m modes held as separate arrays of real and imaginary parts. */
LC_INLINE void advance(double* __restrict zr, double* __restrict zi, const double* __restrict wr,
                       const double* __restrict wi, int64_t m) {
  for (int64_t n = 0; n < m; n++) {
    double re = zr[n] * wr[n] - zi[n] * wi[n];
    zi[n] = zr[n] * wi[n] + zi[n] * wr[n];
    zr[n] = re;
  }
}

LC_INLINE float flush(double x) { return x < kDead && x > -kDead ? 0.0f : float(x); }

/** Float64 work arrays of one worker, each `Mp` long. */
struct Work {
  double *step_re, *step_im, *row_re, *row_im, *log_re, *log_im, *z_re, *z_im;
};
static Work work_arrays(int thread, int64_t Mp) {
  double* p = static_cast<double*>(scratch(thread, 0, size_t(8 * Mp) * sizeof(double)));
  Work w;
  double** slots[] = {&w.step_re, &w.step_im, &w.row_re, &w.row_im, &w.log_re, &w.log_im, &w.z_re, &w.z_im};
  for (double** s : slots) {
    *s = p;
    for (int64_t n = 0; n < Mp; n++) p[n] = 0;
    p += Mp;
  }
  return w;
}

/** log Abar, Abar and Abar^R of feature h; Abar^{l0} in z. */
static void powers_of(const Parameters& p, int64_t h, int64_t R, int64_t l0, const Work& w) {
  double delta = exp(double(p.inv_dt[h]));
  for (int64_t n = 0; n < p.M; n++) {
    C64 log = log_step(p.disc, p.A(h, n) * delta);
    C64 step = cexp(log), row = cexp(log * double(R)), start = cexp(log * double(l0));
    w.log_re[n] = log.re, w.log_im[n] = log.im;
    w.step_re[n] = step.re, w.step_im[n] = step.im;
    w.row_re[n] = row.re, w.row_im[n] = row.im;
    w.z_re[n] = start.re, w.z_im[n] = start.im;
  }
}

/** Right factor of the forward product: rows Re(w_n^r) and Im(w_n^r) over r, in panels. */
static void power_panels(const Parameters& p, const Work& w, int64_t R, float* out) {
  const int64_t M = p.M, inner = 2 * M;
  for (int64_t n = 0; n < M; n++) {
    // First W powers in float64, then vectors of W powers: one more rounding each.
    float first_re[W], first_im[W];
    C64 step = {w.step_re[n], w.step_im[n]}, z = {1, 0};
    for (int i = 0; i < W; i++, z = z * step) first_re[i] = flush(z.re), first_im[i] = flush(z.im);
    const V fr = load(first_re), fi = load(first_im);
    const C64 jump = z;
    z = {1, 0};
    for (int64_t r = 0; r < R; r += W, z = z * jump) {
      const V zr = splat(flush(z.re)), zi = splat(flush(z.im));
      float* at = out + r / kPanel * (inner * kPanel) + r % kPanel;
      store(at + n * kPanel, fr * zr - fi * zi);
      store(at + (M + n) * kPanel, fr * zi + fi * zr);
    }
  }
}

const char* forward(const Call& call) {
  const Parameters p = parameters(call);
  float* K = call.out[0].f();
  const int64_t R = row_length(p.L), spans = (p.L + kSpan - 1) / kSpan, M = p.M;
  parallel(p.H * spans, 1, [&](int64_t task, int64_t end, int thread) {
    for (; task < end; task++) {
      const int64_t h = task / spans, l0 = task % spans * kSpan;
      const int64_t length = p.L - l0 < kSpan ? p.L - l0 : kSpan;
      const Work w = work_arrays(thread, M);
      powers_of(p, h, R, l0, w);
      float* panels = static_cast<float*>(scratch(thread, 1, size_t(2 * M * R) * 4));
      power_panels(p, w, R, panels);
      float* left = static_cast<float*>(scratch(thread, 2, size_t(2 * M * kBlockRows) * 4));
      double* k = static_cast<double*>(scratch(thread, 3, size_t(4 * M) * 8));
      float* tail = static_cast<float*>(scratch(thread, 4, size_t(R) * 4));
      for (int64_t c = 0; c < p.channels; c++) {
        double *kr = k, *ki = k + M, *zr = k + 2 * M, *zi = k + 3 * M;
        double delta = exp(double(p.inv_dt[h]));
        for (int64_t n = 0; n < M; n++) {
          C64 f = input_factor(p.disc, p.A(h, n), delta, double(p.L));
          C64 first = p.c(c, h, n) * p.b(h, n) * f * p.kappa() * C64{w.z_re[n], w.z_im[n]};
          zr[n] = first.re, zi[n] = first.im;
          kr[n] = w.row_re[n], ki[n] = w.row_im[n];
        }
        float* out = K + (c * p.H + h) * p.L + l0;
        for (int64_t l = 0; l < length;) {
          const int64_t rows = (length - l + R - 1) / R < kBlockRows ? (length - l + R - 1) / R : kBlockRows;
          bool alive = false;
          for (int64_t i = 0; i < rows; i++) {
            float* a = left + i * 2 * M;
            for (int64_t n = 0; n < M; n++) {
              a[n] = flush(zr[n]), a[M + n] = -flush(zi[n]);
              alive |= a[n] != 0 || a[M + n] != 0;
            }
            advance(zr, zi, kr, ki, M);
          }
          if (!alive) {
            for (; l < length; l++) out[l] = 0;
            break;
          }
          const int64_t whole = length - l >= rows * R ? rows : rows - 1;
          for (int64_t r = 0; r < R; r += kPanel)
            panel_product(left, 2 * M, whole, panels + r * 2 * M, 2 * M, out + l + r, R);
          if (whole < rows) {
            for (int64_t r = 0; r < R; r += kPanel)
              panel_product(left + whole * 2 * M, 2 * M, 1, panels + r * 2 * M, 2 * M, tail + r, R);
            for (int64_t i = l + whole * R; i < length; i++) out[i] = tail[i - l - whole * R];
          }
          l += rows * R;
        }
      }
    }
  });
  return nullptr;
}

/** Right factor of the backward product: for each r the rows w^r (re, im) and r w^r (re, im), in panels. */
static void weighted_panels(const Work& w, int64_t Mp, int64_t R, int64_t columns, double* z, float* out) {
  double *zr = z, *zi = z + Mp;
  for (int64_t n = 0; n < Mp; n++) zr[n] = 1, zi[n] = 0;
  alignas(64) float line[4 * 4096];
  const int64_t panels = columns / kPanel;
  for (int64_t r = 0; r < R; r++) {
    for (int64_t n = 0; n < Mp; n++) {
      float re = flush(zr[n]), im = flush(zi[n]);
      line[n] = re, line[Mp + n] = im, line[2 * Mp + n] = float(r) * re, line[3 * Mp + n] = float(r) * im;
    }
    for (int64_t j = 4 * Mp; j < columns; j++) line[j] = 0;
    for (int64_t q = 0; q < panels; q++)
      for (int v = 0; v < kPanel; v += W) store(out + (q * R + r) * kPanel + v, load(line + q * kPanel + v));
    advance(zr, zi, w.step_re, w.step_im, Mp);
  }
}

/** s and q of one span, all channels: sums[c] = (s re, s im, q re, q im), each Mp long. */
static void span_sums(const Parameters& p, const float* g, int64_t h, int64_t l0, int64_t R, int64_t Mp, double* sums,
                      int thread) {
  const int64_t length = p.L - l0 < kSpan ? p.L - l0 : kSpan, columns = round_up(4 * Mp, kPanel);
  const Work w = work_arrays(thread, Mp);
  powers_of(p, h, R, l0, w);
  double* z = static_cast<double*>(scratch(thread, 3, size_t(2 * Mp) * 8));
  float* panels = static_cast<float*>(scratch(thread, 1, size_t(columns * R) * 4));
  weighted_panels(w, Mp, R, columns, z, panels);
  float* T = static_cast<float*>(scratch(thread, 2, size_t(columns * kBlockRows) * 4));
  float* tail = static_cast<float*>(scratch(thread, 4, size_t(R) * 4));
  double *zr = z, *zi = z + Mp;
  for (int64_t c = 0; c < p.channels; c++) {
    double *sr = sums + c * 4 * Mp, *si = sr + Mp, *qr = si + Mp, *qi = qr + Mp;
    for (int64_t n = 0; n < 4 * Mp; n++) sr[n] = 0;
    for (int64_t n = 0; n < Mp; n++) zr[n] = w.z_re[n], zi[n] = w.z_im[n];
    const float* row = g + (c * p.H + h) * p.L + l0;
    for (int64_t l = 0; l < length;) {
      const int64_t rows = (length - l + R - 1) / R < kBlockRows ? (length - l + R - 1) / R : kBlockRows;
      const int64_t whole = length - l >= rows * R ? rows : rows - 1;
      for (int64_t q = 0; q < columns / kPanel; q++)
        panel_product(row + l, R, whole, panels + q * R * kPanel, R, T + q * kPanel, columns);
      if (whole < rows) {
        for (int64_t i = 0; i < R; i++) tail[i] = l + whole * R + i < length ? row[l + whole * R + i] : 0;
        for (int64_t q = 0; q < columns / kPanel; q++)
          panel_product(tail, R, 1, panels + q * R * kPanel, R, T + whole * columns + q * kPanel, columns);
      }
      double largest = 0;
      for (int64_t i = 0; i < rows; i++) {
        const float *tr = T + i * columns, *ti = tr + Mp, *ur = ti + Mp, *ui = ur + Mp;
        const double at = double(l0 + l + i * R);
        for (int64_t n = 0; n < Mp; n++) {
          double re = tr[n], im = ti[n];
          sr[n] += zr[n] * re - zi[n] * im;
          si[n] += zr[n] * im + zi[n] * re;
          re = at * re + ur[n], im = at * im + ui[n];
          qr[n] += zr[n] * re - zi[n] * im;
          qi[n] += zr[n] * im + zi[n] * re;
        }
        advance(zr, zi, w.row_re, w.row_im, Mp);
      }
      for (int64_t n = 0; n < Mp; n++) {
        double m = zr[n] * zr[n] + zi[n] * zi[n];
        largest = largest > m ? largest : m;
      }
      if (largest < 1e-120) break;  // nothing further reaches float32
      l += rows * R;
    }
  }
}

const char* backward(const Call& call) {
  const Parameters p = parameters(call);
  const float* g = call.gout[0].f();
  const Tensor &g_dt = call.gin[0], &g_re = call.gin[1], &g_im = call.gin[2], &g_B = call.gin[3], &g_C = call.gin[4];
  const int64_t R = row_length(p.L), spans = (p.L + kSpan - 1) / kSpan, M = p.M, Mp = round_up(M, W);
  if (Mp > 4096) return "s4d-kernel: more than 4096 modes";
  const int64_t each = p.channels * 4 * Mp;
  double* sums = static_cast<double*>(scratch(0, 5, size_t(p.H * spans * each) * 8));
  parallel(p.H * spans, 1, [&](int64_t task, int64_t end, int thread) {
    for (; task < end; task++)
      span_sums(p, g, task / spans, task % spans * kSpan, R, Mp, sums + task * each, thread);
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
