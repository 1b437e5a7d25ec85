// Kernel of a diagonal state space: K[c,h,l] = kappa Re sum_n k_n w_n^l with k = C (B f)^p, w = Abar (op.ts).
//
// Cost: forward 4 H C (N/2) L flops and 4 H C L bytes written, backward twice the flops. Compute bound.
// Strategy: sums over modes (native/mode-sums.h), a feature and a span of time at a time; its channels and degrees share the powers.
// attr: length, discretisation, degree.
#include "mode-sums.h"
#include "modes.h"

namespace longconv {
namespace {

/** log Abar of the modes of feature h, in the thread's scratch. */
static const C64* logs(const Parameters& p, int64_t h, int thread) {
  C64* log = static_cast<C64*>(scratch(thread, 6, size_t(p.M) * sizeof(C64)));
  const double delta = exp(double(p.inv_dt[h]));
  for (int64_t n = 0; n < p.M; n++) log[n] = log_step(p.disc, p.A(h, n) * delta);
  return log;
}

static C64 power(C64 z, int64_t exponent) {
  C64 r = z;
  for (int64_t p = 1; p < exponent; p++) r = r * z;
  return r;
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
      const Powers w(logs(p, h, thread), M, R, l0, thread);
      const TapRoom room(w, R, thread);
      C64* factor = static_cast<C64*>(scratch(thread, 4, size_t(2 * M) * sizeof(C64)));
      C64* k = factor + M;
      const double delta = exp(double(p.inv_dt[h]));
      for (int64_t n = 0; n < M; n++)
        factor[n] = input_factor(p.disc, p.A(h, n), delta, double(p.L)) * p.b(h, n);
      for (int64_t r = 0; r < p.channels * p.degree; r++) {
        for (int64_t n = 0; n < M; n++)
          k[n] = p.c(r % p.channels, h, n) * power(factor[n], 1 + r / p.channels) * p.kappa();
        w.begin(k);
        span_taps(w, room, R, length, K + (r * p.H + h) * p.L + l0);
      }
    }
  });
  return nullptr;
}

/** s and q of one span, all channels and degrees: sums[c] = (s re, s im, q re, q im), each Mp long. */
static void feature_sums(const Parameters& p, const float* g, int64_t h, int64_t l0, int64_t R, double* sums, int thread) {
  const Powers w(logs(p, h, thread), p.M, R, l0, thread);
  const SumRoom room(w, R, thread);
  const int64_t length = p.L - l0 < kSpan ? p.L - l0 : kSpan;
  for (int64_t c = 0; c < p.channels * p.degree; c++)
    span_sums(w, room, R, g + (c * p.H + h) * p.L + l0, l0, length, sums + c * 4 * w.Mp);
}

const char* backward(const Call& call) {
  const Parameters p = parameters(call);
  const float* g = call.gout[0].f();
  const Tensor &g_dt = call.gin[0], &g_re = call.gin[1], &g_im = call.gin[2], &g_B = call.gin[3], &g_C = call.gin[4];
  const int64_t R = row_length(p.L), spans = (p.L + kSpan - 1) / kSpan, M = p.M, Mp = round_up(M, W);
  const int64_t each = p.channels * p.degree * 4 * Mp;
  double* sums = static_cast<double*>(scratch(0, 5, size_t(p.H * spans * each) * 8));
  parallel(p.H * spans, 1, [&](int64_t task, int64_t end, int thread) {
    const FlushDenormals scope;
    for (; task < end; task++)
      feature_sums(p, g, task / spans, task % spans * kSpan, R, sums + task * each, thread);
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
          C64 g_input = {0, 0}, g_log = {0, 0};
          for (int64_t c = 0; c < p.channels; c++) {
            const C64 C = p.c(c, h, n);
            C64 G = {0, 0}, before = {1, 0};  // before: (B f)^(d - 1)
            for (int64_t d = 1; d <= p.degree; d++) {
              double t[4] = {0, 0, 0, 0};
              for (int64_t k = 0; k < spans; k++)
                for (int j = 0; j < 4; j++)
                  t[j] += sums[(h * spans + k) * each + (((d - 1) * p.channels + c) * 4 + j) * Mp + n];
              const C64 S = conj(C64{t[0], t[1]}) * p.kappa(), Q = conj(C64{t[2], t[3]}) * p.kappa();
              const C64 z = before * (B * f);
              g_input = g_input + conj(C * before) * S * double(d);
              g_log = g_log + conj(C * z) * Q;
              G = G + conj(z) * S;
              before = z;
            }
            if (g_C) {
              float* out = g_C.f() + 2 * ((c * p.H + h) * M + n);
              out[0] = float(G.re), out[1] = float(G.im);
            }
          }
          const C64 g_f = conj(B) * g_input;
          total_B = total_B + conj(f) * g_input;
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
