// y = a sigmoid(b) for the halves (a, b) of an axis: rows of 2n, n = half the axis times what is inside it.
// Memory bound: 12 bytes an output element forward, 20 backward. attr: axis.
#include "broadcast.h"
#include "kernel.h"
#include "rows.h"
#include "simd-math.h"

namespace longconv {
namespace {

/**
 * Two vectors of x, kAhead elements on, in the order of memory: the halves' own accesses jump between two places of
 * a page, which hardware prefetchers give up on for rows of a few hundred elements. (From kFar on they do not.)
 */
constexpr int64_t kFar = 2048;
LC_INLINE void prefetch(const float* x) {
  constexpr int kAhead = 1024;
  for (int i = 0; i < 2 * W; i += 16) __builtin_prefetch(x + kAhead + i);
}

const char* forward(const Call& c) {
  const Tensor& x = c.in[0];
  const int axis = int(c.attr[0]);
  const int64_t n = x.span(axis, x.rank) / 2, rows = x.span(0, axis);
  const bool close = n < kFar;
  const Sink sink(c.out[0].f(), c.out[0].size(), n);
  parallel_pieces(rows, n, [&](int64_t row, int64_t begin, int64_t count, int) {
    const float *a = x.f() + row * 2 * n + begin, *b = a + n;
    float* y = c.out[0].f() + row * n + begin;
    for_vectors(count, [=](int64_t i, int64_t left) LC_LOOP {
      if (close) prefetch(a + 2 * i);
      sink.put(y + i, get(a + i, left) * vsigmoid(get(b + i, left)), left);
    });
  });
  return nullptr;
}

const char* backward(const Call& c) {
  const Tensor& x = c.in[0];
  const int axis = int(c.attr[0]);
  const int64_t n = x.span(axis, x.rank) / 2, rows = x.span(0, axis);
  const bool close = n < kFar;
  const Sink sink(c.gin[0].f(), c.gin[0].size(), n);
  parallel_pieces(rows, n, [&](int64_t row, int64_t begin, int64_t count, int) {
    const float *a = x.f() + row * 2 * n + begin, *b = a + n, *g = c.gout[0].f() + row * n + begin;
    float *da = c.gin[0].f() + row * 2 * n + begin, *db = da + n;
    for_vectors(count, [=](int64_t i, int64_t left) LC_LOOP {
      if (close) prefetch(a + 2 * i);
      const V s = vsigmoid(get(b + i, left)), gs = get(g + i, left) * s;
      sink.put(da + i, gs, left);
      sink.put(db + i, gs * get(a + i, left) * (splat(1) - s), left);
    });
  });
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("glu", "forward", longconv::forward)
LONGCONV_KERNEL("glu", "backward", longconv::backward)
