// Random features of attention and their gradients; formulas in op.ts. attr: kernel, maximum, eps.
//
// Row by row, each read once: memory bound forward when m is small, bound by the exponentials (one per feature) when it
// is not. The maximum of a sequence is a pass of its own over s, in one task a head: the largest of numbers is the same
// in any order.
#include "kernel.h"
#include "simd-math.h"

namespace longconv {
namespace {

enum { kSoftmax, kRelu };
enum { kVector, kSequence, kNone };

int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

struct Sizes {
  int64_t B, L, h, m, d, rows;
  int kernel, maximum;
  float eps, ratio, half;  // ratio = m^(-1/2), half = d^(-1/2) / 2
  explicit Sizes(const Call& c)
      : B(c.in[0].dim[0]), L(c.in[0].dim[1]), h(c.in[0].dim[2]), m(c.in[0].dim[3]), d(c.in[1] ? c.in[1].dim[3] : 1),
        rows(B * L * h), kernel(int(c.attr[0])), maximum(int(c.attr[1])), eps(float(c.attr[2])),
        ratio(float(1 / __builtin_sqrt(double(m)))), half(float(0.5 / __builtin_sqrt(double(d)))) {}
  int64_t grain() const { return 1 + 16384 / (m + d); }
};

constexpr float kLow = -3.4e38f;

LC_INLINE float largest(const float* s, int64_t m) {
  V top = splat(kLow);
  int64_t r = 0;
  for (; r + W <= m; r += W) top = vmax(top, load(s + r));
  if (r < m) top = vmax(top, first_or(load_part(s + r, int(m - r)), splat(kLow), m - r));
  return hmax(top);
}

/** What is taken off the exponents of row `at`: half the square of x, and M. */
LC_INLINE float shift(const Sizes& z, const Call& c, const float* top, int64_t at) {
  const float* x = c.in[1].f() + at * z.d;
  V square{};
  for (int64_t t = 0; t < z.d; t += W) {
    const V a = load_part(x + t, int(least(W, z.d - t)));
    square = fma(a, a, square);
  }
  const float M = z.maximum == kVector     ? largest(c.in[0].f() + at * z.m, z.m)
                  : z.maximum == kSequence ? top[at / (z.L * z.h) * z.h + at % z.h]
                                           : 0;
  return hsum(square) * z.half + M;
}

const char* forward(const Call& c) {
  const Sizes z(c);
  float* top = c.out[1].f();
  __builtin_memset(top, 0, size_t(z.B * z.h) * 4);
  const bool soft = z.kernel == kSoftmax;
  if (soft && z.maximum == kSequence)
    parallel(z.B * z.h, 1, [&](int64_t i, int64_t end, int) {
      for (; i < end; i++) {
        const int64_t b = i / z.h, steps = c.in[2] ? least(c.in[2].i()[b], z.L) : z.L;
        float M = kLow;
        for (int64_t l = 0; l < steps; l++) {
          const float x = largest(c.in[0].f() + ((b * z.L + l) * z.h + i % z.h) * z.m, z.m);
          M = x > M ? x : M;
        }
        top[i] = steps > 0 ? M : 0;
      }
    });
  parallel(z.rows, z.grain(), [&](int64_t at, int64_t end, int) {
    const V eps = splat(soft ? z.eps * z.ratio : z.eps), ratio = splat(z.ratio);
    for (; at < end; at++) {
      const float* s = c.in[0].f() + at * z.m;
      float* y = c.out[0].f() + at * z.m;
      const V off = splat(soft ? shift(z, c, top, at) : 0);
      for (int64_t r = 0; r < z.m; r += W) {
        const int n = int(least(W, z.m - r));
        const V a = load_part(s + r, n);
        store_part(y + r, soft ? fma(vexp(a - off), ratio, eps) : vmax(a, V{}) + eps, n);
      }
    }
  });
  return nullptr;
}

const char* backward(const Call& c) {
  const Sizes z(c);
  float *gs = c.gin[0].f(), *gx = c.gin[1] ? c.gin[1].f() : nullptr;
  if (!c.gout[0]) {  // `top` carries no gradient
    for (int x = 0; x < 2; x++)
      if (c.gin[x]) __builtin_memset(c.gin[x].data, 0, size_t(c.gin[x].size()) * 4);
    return nullptr;
  }
  const bool soft = z.kernel == kSoftmax;
  parallel(z.rows, z.grain(), [&](int64_t at, int64_t end, int) {
    const V ratio = splat(z.ratio);
    for (; at < end; at++) {
      const float *s = c.in[0].f() + at * z.m, *g = c.gout[0].f() + at * z.m;
      const V off = splat(soft ? shift(z, c, soft ? c.out[1].f() : nullptr, at) : 0);
      V sum{};
      for (int64_t r = 0; r < z.m; r += W) {
        const int n = int(least(W, z.m - r));
        const V a = load_part(s + r, n), u = load_part(g + r, n);
        const V d = soft ? vexp(a - off) * ratio * u : a > V{} ? u : V{};
        sum += d;
        if (gs) store_part(gs + at * z.m + r, d, n);
      }
      if (!gx) continue;
      const V scale = splat(-2 * z.half * hsum(sum));
      for (int64_t t = 0; t < z.d; t += W) {
        const int n = int(least(W, z.d - t));
        store_part(gx + at * z.d + t, load_part(c.in[1].f() + at * z.d + t, n) * scale, n);
      }
    }
  });
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("favor-features", "forward", longconv::forward)
LONGCONV_KERNEL("favor-features", "backward", longconv::backward)
