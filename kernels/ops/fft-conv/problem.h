// One call: its sizes, its operands, and kernels as rows of lags.
#pragma once
#include "kernel.h"
#include "transform.h"

namespace longconv {
namespace {

enum Sides { kCausal, kLag1, kDoubleZero, kCircular };

struct Problem {
  int64_t B, C, H, L, Lk;
  int sides;
  int64_t P, Q;  // lags 0 .. P - 1 and -1 .. -Q occur
  const float *u, *k, *D, *g;
  float *y, *du, *dk, *dD;
  const Plan* p;
  bool stream;  // results are larger than the caches: write past them

  const float* u_row(int64_t b, int64_t h) const { return u + (b * H + h) * L; }
  const float* g_row(int64_t b, int64_t c, int64_t h) const { return g + ((b * C + c) * H + h) * L; }
  float* y_row(int64_t b, int64_t c, int64_t h) const { return y + ((b * C + c) * H + h) * L; }
  float* du_row(int64_t b, int64_t h) const { return du + (b * H + h) * L; }
  bool two_halves() const { return sides == kLag1 || sides == kDoubleZero; }
};

/** Memory of one call: asked for twice, first to count (addresses without meaning), then for good. */
struct Arena {
  char* base;
  size_t used;
  float* take(int64_t floats) {
    float* p = reinterpret_cast<float*>(base + used);
    used += (size_t(floats) * 4 + 63) / 64 * 64;
    return p;
  }
  bool open() {
    base = static_cast<char*>(pool_alloc(used));
    used = 0;
    return base != nullptr;
  }
  ~Arena() { pool_free(base); }
};

inline int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

inline Problem read_problem(const Call& c, bool backward) {
  const Tensor &u = c.in[0], &k = c.in[1];
  Problem x{};
  x.B = u.dim[0], x.H = u.dim[1], x.L = u.dim[2], x.C = k.dim[0], x.Lk = k.dim[2];
  x.sides = int(c.attr[0]);
  if (x.two_halves()) x.C /= 2;
  x.P = smaller(x.Lk, x.L);
  const int64_t anti[] = {0, smaller(x.Lk, x.L - 1), x.P - 1, x.L - 1};
  x.Q = anti[x.sides];
  x.u = u.f(), x.k = k.f(), x.D = c.in[2].f();
  if (backward) x.g = c.gout[0].f(), x.du = c.gin[0].f(), x.dk = c.gin[1].f(), x.dD = c.gin[2].f();
  else x.y = c.out[0].f();
  x.stream = 4 * x.B * x.H * x.L > int64_t{4} << 20;
  return x;
}

/** sum_t a[t] b[t]: 64 products to a lane in single precision, the rest in double. */
inline double dot(const float* a, const float* b, int64_t n) {
  constexpr int64_t kRun = 64 * 4 * W;
  double total = 0;
  for (int64_t from = 0; from < n; from += kRun) {
    const int64_t to = smaller(from + kRun, n);
    V s[4] = {};
    int64_t i = from;
    for (; i + 4 * W <= to; i += 4 * W)
#pragma GCC unroll 4
      for (int j = 0; j < 4; j++) s[j] += load(a + i + j * W) * load(b + i + j * W);
    for (; i + W <= to; i += W) s[0] += load(a + i) * load(b + i);
    if (i < to) s[1] += load_part(a + i, int(to - i)) * load_part(b + i, int(to - i));
    total += double(hsum((s[0] + s[1]) + (s[2] + s[3])));
  }
  return total;
}

}  // namespace
}  // namespace longconv
