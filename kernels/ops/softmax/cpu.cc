// Softmax over rows. Memory bound for rows that fit the caches: 8 bytes an element forward, 12 backward; the further
// passes over a row are in cache.
#include "kernel.h"
#include "simd-math.h"

namespace longconv {
namespace {

LC_INLINE V get(const float* p, int64_t left) { return left >= W ? load(p) : load_part(p, int(left)); }
LC_INLINE void put(float* p, V a, int64_t left) {
  if (left >= W) store(p, a);
  else store_part(p, a, int(left));
}

const char* forward(const Call& c) {
  const Tensor& x = c.in[0];
  const int64_t n = x.dim[x.rank - 1], rows = n ? x.size() / n : 0;
  float* out = c.out[0].f();
  parallel(rows, 1 + 4096 / (n + 1), [&](int64_t r, int64_t end, int) {
    for (; r < end; r++) {
      const float* in = x.f() + r * n;
      float* y = out + r * n;
      V top = splat(in[0]);
      int64_t i = 0;
      for (; i + W <= n; i += W) top = vmax(top, load(in + i));
      float peak = hmax(top);
      for (; i < n; i++) peak = in[i] > peak ? in[i] : peak;
      const V shift = splat(peak);
      V sum = V{};
      for (i = 0; i < n; i += W) {
        put(y + i, vexp(get(in + i, n - i) - shift), n - i);
        sum += get(y + i, n - i);
      }
      const V share = splat(1 / hsum(sum));
      for (i = 0; i < n; i += W) put(y + i, get(y + i, n - i) * share, n - i);
    }
  });
  return nullptr;
}

const char* backward(const Call& c) {
  const Tensor& y = c.out[0];
  const int64_t n = y.dim[y.rank - 1], rows = n ? y.size() / n : 0;
  parallel(rows, 1 + 4096 / (n + 1), [&](int64_t r, int64_t end, int) {
    for (; r < end; r++) {
      const float *p = y.f() + r * n, *g = c.gout[0].f() + r * n;
      float* dx = c.gin[0].f() + r * n;
      V dot = V{};
      for (int64_t i = 0; i < n; i += W) dot = fma(get(p + i, n - i), get(g + i, n - i), dot);
      const V total = splat(hsum(dot));
      for (int64_t i = 0; i < n; i += W) put(dx + i, get(p + i, n - i) * (get(g + i, n - i) - total), n - i);
    }
  });
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("softmax", "forward", longconv::forward)
LONGCONV_KERNEL("softmax", "backward", longconv::backward)
