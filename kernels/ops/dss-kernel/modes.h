// The modes of op.ts in float64: from the stored parameters to x = step lambda and the factor f, and back.
#pragma once
#include "complex64.h"
#include "kernel.h"

namespace longconv {
namespace {

enum Scaling { kNone, kZoh, kSoftmax };
enum RealForm { kNegativeExp, kPlain };

struct Parameters {
  const float *log_step, *re, *im, *W;
  int64_t C, H, N, L;
  int steps;  // per channel: 0 (they are 1), 1 or 2
  int scaling, real, imag;
  double ceiling, epsilon;
  int64_t span;

  C64 lambda(int64_t n) const {
    const double a = re[n], b = im[n];
    return {real == kNegativeExp ? -exp(a) : a < ceiling ? a : ceiling, imag ? exp(b) : b};
  }
  /** The step of the real and of the imaginary part, as (re, im). */
  C64 step(int64_t h) const {
    if (!steps) return {1, 1};
    const float* p = log_step + h * steps;
    return {exp(double(p[0])), exp(double(p[steps - 1]))};
  }
  /** The mode grows, and its powers are exp(x (l - (span-1))). */
  bool shifted(C64 lambda) const { return scaling == kSoftmax && lambda.re > 0; }
  C64 w(int64_t row, int64_t n) const {
    const float* p = W + 2 * (row * N + n);
    return {p[0], p[1]};
  }
};

static inline Parameters parameters(const Call& call) {
  const Tensor &step = call.in[0], &W = call.in[3];
  const int steps = !step ? 0 : step.rank == 2 ? int(step.dim[1]) : 1;
  const double* a = call.attr;
  return {step.f(), call.in[1].f(), call.in[2].f(), W.f(),     W.dim[0],  W.dim[1], W.dim[2],
          int64_t(a[0]), steps,     int(a[1]),      int(a[2]), int(a[3]), a[4],     a[5],
          int64_t(a[6])};
}

static inline C64 scaled(C64 lambda, C64 step) { return {lambda.re * step.re, lambda.im * step.im}; }

static inline C64 input_factor(const Parameters& p, C64 lambda, C64 step) {
  const C64 x = scaled(lambda, step);
  if (p.scaling == kNone) return {1, 0};
  if (p.scaling == kZoh) {
    const double D = norm2(lambda);
    if (p.steps == 2 || D <= p.epsilon) return cexpm1(x) * conj(lambda) * (1 / (D > p.epsilon ? D : p.epsilon));
    C64 value, slope;
    phi(x, value, slope);
    return value * step.re;
  }
  const double sign = lambda.re > 0 ? -1 : 1;
  const C64 y = cexpm1(x * (sign * double(p.span))) * lambda;
  return cexpm1(x * sign) * conj(y) * (1 / (norm2(y) + p.epsilon));
}

/** Pulls the gradients of x and f back to lambda and the steps (real part's, imaginary part's). */
static inline void pull_mode(const Parameters& p, C64 lambda, C64 step, C64 g_x, C64 g_f, C64& g_lambda, C64& g_step) {
  const C64 x = scaled(lambda, step);
  double more = 0;
  g_lambda = {0, 0};
  if (p.scaling == kZoh) {
    const double D = norm2(lambda);
    if (p.steps == 2 || D <= p.epsilon) {
      const C64 r = conj(lambda) * (1 / (D > p.epsilon ? D : p.epsilon)), first = cexpm1(x), g_r = conj(first) * g_f;
      // 1/lambda is holomorphic; conj(lambda)/epsilon is not.
      g_lambda = D > p.epsilon ? conj(r * r) * g_r * -1.0 : conj(g_r) * (1 / p.epsilon);
      g_x = g_x + conj(first + C64{1, 0}) * conj(r) * g_f;
    } else {
      // f = step phi(step lambda): as it stands the quotient's derivative cancels near lambda = 0.
      C64 value, slope;
      phi(x, value, slope);
      g_lambda = conj(slope) * g_f * (step.re * step.re);
      more = (conj(cexp(x)) * g_f).re;
    }
  } else if (p.scaling == kSoftmax) {
    const double sign = lambda.re > 0 ? -1 : 1, S = double(p.span);
    const C64 first = cexpm1(x * sign), last = cexpm1(x * (sign * S)), y = last * lambda;
    const double D = norm2(y) + p.epsilon, D2 = D * D;
    const C64 r = conj(y) * (1 / D), g_r = conj(first) * g_f;
    // r(y) is not holomorphic: dr/dy = -conj(y)^2/D^2, dr/dconj(y) = epsilon/D^2
    const C64 g_y = y * y * g_r * (-1 / D2) + conj(g_r) * (p.epsilon / D2);
    g_lambda = conj(last) * g_y;
    g_x = g_x + conj((last + C64{1, 0}) * (sign * S)) * conj(lambda) * g_y +
          conj((first + C64{1, 0}) * sign) * conj(r) * g_f;
  }
  g_lambda = g_lambda + scaled(g_x, step);
  g_step = {lambda.re * g_x.re + more, lambda.im * g_x.im};
}

}  // namespace
}  // namespace longconv
