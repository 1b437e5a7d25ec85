// w[M-1 +- s] = sum_h P cos(s theta) -+ Q sin(s theta) (op.ts). Small: Z M products. Angles grow with s, so sines and
// cosines are float64: exact at every 64th s, turned by theta in between. attr: positions M.
#include <math.h>

#include "kernel.h"

namespace longconv {
namespace {

constexpr int64_t kTurns = 64;

/** cos and sin of s theta_h for all h, and the turn to s + 1. */
struct Angles {
  int64_t half;
  double *c, *s, *dc, *ds;
  Angles(int64_t n, int64_t start, int thread) : half(n) {
    double* room = static_cast<double*>(scratch(thread, 0, size_t(4 * n) * 8));
    c = room, s = c + n, dc = s + n, ds = dc + n;
    for (int64_t h = 0; h < n; h++) {
      const double theta = pow(10000.0, -double(h) / double(n));
      c[h] = cos(double(start) * theta), s[h] = sin(double(start) * theta);
      dc[h] = cos(theta), ds[h] = sin(theta);
    }
  }
  void turn() {
    for (int64_t h = 0; h < half; h++) {
      const double x = c[h] * dc[h] - s[h] * ds[h];
      s[h] = s[h] * dc[h] + c[h] * ds[h];
      c[h] = x;
    }
  }
};

const char* forward(const Call& call) {
  const float *a = call.in[0].f(), *b = call.in[1].f();
  float* w = call.out[0].f();
  const int64_t half = call.in[0].dim[0] / 2, M = int64_t(call.attr[0]);
  parallel((M + kTurns - 1) / kTurns, 1, [&](int64_t task, int64_t end, int thread) {
    for (; task < end; task++) {
      Angles at(half, task * kTurns, thread);
      for (int64_t s = task * kTurns; s < (task + 1) * kTurns && s < M; s++, at.turn()) {
        double even = 0, odd = 0;
        for (int64_t h = 0; h < half; h++) {
          const double a1 = a[h], a2 = a[half + h], b1 = b[h], b2 = b[half + h];
          even += (a1 * b1 + a2 * b2) * at.c[h];
          odd += (a1 * b2 - a2 * b1) * at.s[h];
        }
        w[M - 1 + s] = float(even - odd), w[M - 1 - s] = float(even + odd);
      }
    }
  });
  return nullptr;
}

const char* backward(const Call& call) {
  const float *a = call.in[0].f(), *b = call.in[1].f(), *g = call.gout[0].f();
  float *ga = call.gin[0].f(), *gb = call.gin[1].f();
  const int64_t half = call.in[0].dim[0] / 2, M = int64_t(call.attr[0]), tasks = (M + kTurns - 1) / kTurns;
  double* sums = static_cast<double*>(scratch(0, 5, size_t(tasks * 2 * half) * 8));
  parallel(tasks, 1, [&](int64_t task, int64_t end, int thread) {
    for (; task < end; task++) {
      double *P = sums + task * 2 * half, *Q = P + half;
      for (int64_t h = 0; h < 2 * half; h++) P[h] = 0;
      Angles at(half, task * kTurns, thread);
      for (int64_t s = task * kTurns; s < (task + 1) * kTurns && s < M; s++, at.turn()) {
        const double up = g[M - 1 + s], down = g[M - 1 - s], even = s ? up + down : up, odd = down - up;
        for (int64_t h = 0; h < half; h++) P[h] += even * at.c[h], Q[h] += odd * at.s[h];
      }
    }
  });
  for (int64_t h = 0; h < half; h++) {
    double P = 0, Q = 0;
    for (int64_t k = 0; k < tasks; k++) P += sums[k * 2 * half + h], Q += sums[(k * 2 + 1) * half + h];
    const double a1 = a[h], a2 = a[half + h], b1 = b[h], b2 = b[half + h];
    if (ga) ga[h] = float(P * b1 + Q * b2), ga[half + h] = float(P * b2 - Q * b1);
    if (gb) gb[h] = float(P * a1 - Q * a2), gb[half + h] = float(P * a2 + Q * a1);
  }
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("rotary-bias", "forward", longconv::forward)
LONGCONV_KERNEL("rotary-bias", "backward", longconv::backward)
