// Discretised modes in float64: from the stored parameters to log Abar and the factor f of B, and back (models of
// op.ts). One struct of arrays per feature, so that the loops over modes vectorise.
#pragma once
#include "complex64.h"
#include "kernel.h"

namespace longconv {
namespace {

enum Disc { kZoh, kBilinear, kDss };

struct Parameters {
  const float *inv_dt, *a_real, *a_imag, *B, *C;
  int64_t channels, H, S, M, L;
  int disc;
  int64_t degree;
  double kappa() const { return disc == kDss ? 1 : 2; }
  C64 A(int64_t h, int64_t n) const {
    int64_t i = (h % S) * M + n;
    return {-exp(double(a_real[i])), -double(a_imag[i])};
  }
  C64 b(int64_t h, int64_t n) const {
    const float* p = B + 2 * ((h % S) * M + n);
    return {p[0], p[1]};
  }
  C64 c(int64_t ch, int64_t h, int64_t n) const {
    const float* p = C + 2 * ((ch * H + h) * M + n);
    return {p[0], p[1]};
  }
};

static inline Parameters parameters(const Call& call) {
  const Tensor& c = call.in[4];
  return {call.in[0].f(), call.in[1].f(), call.in[2].f(), call.in[3].f(), c.f(),  c.dim[0],
          c.dim[1],       call.in[1].dim[0], c.dim[2],    int64_t(call.attr[0]), int(call.attr[1]),
          int64_t(call.attr[2])};
}

/** log Abar of a mode. */
static inline C64 log_step(int disc, C64 x) {
  if (disc != kBilinear) return x;
  double below = (1 - x.re / 2) * (1 - x.re / 2) + x.im * x.im / 4;
  return {0.5 * log1p(2 * x.re / below), atan2(x.im, 1 - norm2(x) / 4)};
}

/** The factor f of B. */
static inline C64 input_factor(int disc, C64 A, double delta, double L) {
  C64 x = A * delta;
  if (disc == kBilinear) return inverse(C64{1, 0} - x * 0.5) * delta;
  if (disc == kZoh) {
    C64 value, slope;
    phi(x, value, slope);
    return value * delta;
  }
  C64 y = cexpm1(x * L) * A;
  return cexpm1(x) * conj(y) * (1 / (norm2(y) + 1e-7));
}

/** Pulls the gradients of log Abar and f back to A and delta. */
static inline void pull_step(int disc, C64 A, double delta, double L, C64 g_log, C64 g_f, C64& g_A, double& g_delta) {
  C64 x = A * delta;
  if (disc == kDss) {
    C64 first = cexpm1(x), last = cexpm1(x * L), y = last * A;
    double D = norm2(y) + 1e-7, D2 = D * D;
    C64 r = conj(y) * (1 / D);
    C64 g_r = conj(first) * g_f;
    // r(y) is not holomorphic: dr/dy = -conj(y)^2/D^2, dr/dconj(y) = 1e-7/D^2
    C64 g_y = y * y * g_r * (-1 / D2) + conj(g_r) * (1e-7 / D2);
    C64 g_x = g_log + conj((last + C64{1, 0}) * L) * conj(A) * g_y + conj(first + C64{1, 0}) * conj(r) * g_f;
    g_A = conj(last) * g_y + g_x * delta;
    g_delta = (conj(A) * g_x).re;
    return;
  }
  C64 f_A, f_delta, log_A, log_delta;
  if (disc == kZoh) {
    C64 value;
    phi(x, value, f_A);
    f_A = f_A * (delta * delta);
    f_delta = cexp(x);
    log_A = {delta, 0};
    log_delta = A;
  } else {
    C64 i = inverse(C64{1, 0} - x * 0.5);
    f_delta = i * i;
    f_A = f_delta * (delta * delta / 2);
    C64 fourth = inverse(C64{1, 0} - x * x * 0.25);
    log_A = fourth * delta;
    log_delta = A * fourth;
  }
  g_A = conj(f_A) * g_f + conj(log_A) * g_log;
  g_delta = (conj(f_delta) * g_f).re + (conj(log_delta) * g_log).re;
}

}  // namespace
}  // namespace longconv
