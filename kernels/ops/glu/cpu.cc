// y = a sigmoid(b) for the halves (a, b) of an axis: rows of 2n, n = half the axis times what is inside it.
// Memory bound: 12 bytes an output element forward, 20 backward. attr: axis.
#include "broadcast.h"
#include "kernel.h"
#include "simd-math.h"

namespace longconv {
namespace {

const char* forward(const Call& c) {
  const Tensor& x = c.in[0];
  const int axis = int(c.attr[0]);
  const int64_t n = x.span(axis, x.rank) / 2, rows = x.span(0, axis);
  parallel_pieces(rows, n, [&](int64_t row, int64_t begin, int64_t count, int) {
    const float *a = x.f() + row * 2 * n + begin, *b = a + n;
    float* y = c.out[0].f() + row * n + begin;
    int64_t i = 0;
    for (; i + W <= count; i += W) store(y + i, load(a + i) * vsigmoid(load(b + i)));
    if (i < count) {
      const int m = int(count - i);
      store_part(y + i, load_part(a + i, m) * vsigmoid(load_part(b + i, m)), m);
    }
  });
  return nullptr;
}

const char* backward(const Call& c) {
  const Tensor& x = c.in[0];
  const int axis = int(c.attr[0]);
  const int64_t n = x.span(axis, x.rank) / 2, rows = x.span(0, axis);
  parallel_pieces(rows, n, [&](int64_t row, int64_t begin, int64_t count, int) {
    const float *a = x.f() + row * 2 * n + begin, *b = a + n, *g = c.gout[0].f() + row * n + begin;
    float *da = c.gin[0].f() + row * 2 * n + begin, *db = da + n;
    const V one = splat(1);
    int64_t i = 0;
    for (; i + W <= count; i += W) {
      const V s = vsigmoid(load(b + i)), gs = load(g + i) * s;
      store(da + i, gs);
      store(db + i, gs * load(a + i) * (one - s));
    }
    if (i < count) {
      const int m = int(count - i);
      const V s = vsigmoid(load_part(b + i, m)), gs = load_part(g + i, m) * s;
      store_part(da + i, gs, m);
      store_part(db + i, gs * load_part(a + i, m) * (one - s), m);
    }
  });
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("glu", "forward", longconv::forward)
LONGCONV_KERNEL("glu", "backward", longconv::backward)
