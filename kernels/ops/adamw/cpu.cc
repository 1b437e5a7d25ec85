// One AdamW step in place. Memory bound: p, m, v and g are read, p, m and v written, 28 bytes an element.
// attr: lr, beta1, beta2, eps, weight decay, 1 - beta1^t, 1 - beta2^t, clip norm.
#include "kernel.h"
#include "simd.h"

namespace longconv {
namespace {

LC_INLINE V vsqrt(V a) {
  for (int i = 0; i < W; i++) a[i] = __builtin_sqrtf(a[i]);
  return a;
}

const char* forward(const Call& c) {
  const double *at = c.attr, lr = at[0];
  float *p = c.in[0].f(), *m = c.in[1].f(), *v = c.in[2].f();
  const float* g = c.in[3].f();
  double clip = 1;
  if (c.in[4]) {
    clip = at[7] / (__builtin_sqrt(double(c.in[4].f()[0])) + 1e-6);
    if (!(clip < 1)) clip = 1;
  }
  const V keep = splat(float(1 - lr * at[4])), b1 = splat(float(at[1])), b2 = splat(float(at[2]));
  // The gradient's factors carry the clip, so that clipping costs nothing.
  const V new1 = splat(float((1 - at[1]) * clip)), new2 = splat(float((1 - at[2]) * clip * clip));
  const V rate = splat(float(lr / at[5])), root = splat(float(1 / __builtin_sqrt(at[6]))), eps = splat(float(at[3]));
  const auto step = [=](float* p, float* m, float* v, V vp, V vm, V vv, V vg, int n) __attribute__((always_inline)) {
    vm = fma(b1, vm, new1 * vg);
    vv = fma(b2, vv, new2 * vg * vg);
    vp = vp * keep - rate * vm / fma(vsqrt(vv), root, eps);
    if (n == W) store(p, vp), store(m, vm), store(v, vv);
    else store_part(p, vp, n), store_part(m, vm, n), store_part(v, vv, n);
  };
  parallel(c.in[0].size(), 1 << 13, [=](int64_t i, int64_t end, int) {
    for (; i + W <= end; i += W) step(p + i, m + i, v + i, load(p + i), load(m + i), load(v + i), load(g + i), W);
    if (i < end) {
      const int n = int(end - i);
      step(p + i, m + i, v + i, load_part(p + i, n), load_part(m + i, n), load_part(v + i, n), load_part(g + i, n), n);
    }
  });
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("adamw", "forward", longconv::forward)
