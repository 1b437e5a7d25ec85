// y = before + sum x^2: float32 within runs of kRun elements, float64 across them. Memory bound: 4 bytes an element.
#include "kernel.h"
#include "reduce.h"
#include "simd.h"

namespace longconv {
namespace {

const char* forward(const Call& c) {
  const float* x = c.in[0].f();
  const int64_t n = c.in[0].size(), runs = (n + kRun - 1) / kRun;
  double* partial = static_cast<double*>(scratch(0, 15, (runs + 1) * sizeof(double)));
  parallel(runs, 4, [=](int64_t r, int64_t last, int) {
    for (; r < last; r++) {
      V a[4] = {};
      int64_t i = r * kRun;
      const int64_t end = i + kRun < n ? i + kRun : n;
      for (; i + 4 * W <= end; i += 4 * W)
        for (int k = 0; k < 4; k++) a[k] = fma(load(x + i + k * W), load(x + i + k * W), a[k]);
      for (; i < end; i += W) {
        const V v = i + W <= end ? load(x + i) : load_part(x + i, int(end - i));
        a[0] = fma(v, v, a[0]);
      }
      partial[r] = hsum(a[0] + a[1] + a[2] + a[3]);
    }
  });
  double sum = c.in[1] ? c.in[1].f()[0] : 0;
  for (int64_t r = 0; r < runs; r++) sum += partial[r];
  c.out[0].f()[0] = float(sum);
  return nullptr;
}

const char* backward(const Call& c) {
  const float g = c.gout[0].f()[0], *x = c.in[0].f();
  if (c.gin[1]) c.gin[1].f()[0] = g;
  if (!c.gin[0]) return nullptr;
  float* dx = c.gin[0].f();
  const V twice = splat(2 * g);
  parallel(c.in[0].size(), 1 << 14, [=](int64_t i, int64_t end, int) {
    for (; i + W <= end; i += W) store(dx + i, load(x + i) * twice);
    if (i < end) store_part(dx + i, load_part(x + i, int(end - i)) * twice, int(end - i));
  });
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("sum-squares", "forward", longconv::forward)
LONGCONV_KERNEL("sum-squares", "backward", longconv::backward)
