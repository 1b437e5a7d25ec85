// Softmax over rows. Memory bound for rows that fit the caches: 8 bytes an element forward, 12 backward; the further
// passes over a row are in cache.
#include "kernel.h"
#include "rows.h"
#include "simd-math.h"

namespace longconv {
namespace {

const char* forward(const Call& c) {
  const Tensor& x = c.in[0];
  const int64_t n = x.dim[x.rank - 1], rows = n ? x.size() / n : 0;
  float* out = c.out[0].f();
  parallel(rows, 1 + 4096 / (n + 1), [&](int64_t r, int64_t end, int) {
    for (; r < end; r++) {
      const float* in = x.f() + r * n;
      float* y = out + r * n;
      V top = splat(in[0]), sum = V{};
      for_vectors(n, [&](int64_t i, int64_t left) LC_LOOP { top = vmax(top, first_or(get(in + i, left), top, left)); });
      const V shift = splat(hmax(top));
      for_vectors(n, [&](int64_t i, int64_t left) LC_LOOP {
        const V e = first(vexp(get(in + i, left) - shift), left);
        put(y + i, e, left);
        sum += e;
      });
      const V share = splat(1 / hsum(sum));
      for_vectors(n, [&](int64_t i, int64_t left) LC_LOOP { put(y + i, get(y + i, left) * share, left); });
    }
  });
  return nullptr;
}

const char* backward(const Call& c) {
  const Tensor& y = c.out[0];
  const int64_t n = y.dim[y.rank - 1], rows = n ? y.size() / n : 0;
  const Sink sink(c.gin[0].f(), y.size(), n);
  parallel(rows, 1 + 4096 / (n + 1), [&](int64_t r, int64_t end, int) {
    for (; r < end; r++) {
      const float *p = y.f() + r * n, *g = c.gout[0].f() + r * n;
      float* dx = c.gin[0].f() + r * n;
      V dot = V{};
      for_vectors(n, [&](int64_t i, int64_t left) LC_LOOP { dot = fma(get(p + i, left), get(g + i, left), dot); });
      const V total = splat(hsum(dot));
      for_vectors(n, [&](int64_t i, int64_t left) LC_LOOP {
        sink.put(dx + i, get(p + i, left) * (get(g + i, left) - total), left);
      });
    }
    sink.done();
  });
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("softmax", "forward", longconv::forward)
LONGCONV_KERNEL("softmax", "backward", longconv::backward)
