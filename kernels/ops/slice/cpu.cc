// Every step-th index of one axis: x (outer, n, inner) -> y (outer, m, inner). Memory bound. attr: axis, start, step.
#include "broadcast.h"
#include "kernel.h"
#include "rows.h"
#include "simd.h"

namespace longconv {
namespace {

/** fn(index of the slice's run, index of the whole's, elements) for runs that are contiguous in both. */
template <class F>
void for_runs(const Call& c, const Tensor& part, const Tensor& whole, const F& fn) {
  const int axis = int(c.attr[0]);
  const int64_t start = int64_t(c.attr[1]), step = int64_t(c.attr[2]);
  const int64_t outer = part.span(0, axis), inner = part.span(axis + 1, part.rank), m = part.dim[axis];
  const int64_t n = whole.dim[axis];
  const int64_t run = step == 1 ? m * inner : inner, runs = step == 1 ? 1 : m;
  parallel_pieces(outer * runs, run, [&](int64_t row, int64_t begin, int64_t count, int) {
    const int64_t o = runs == 1 ? row : row / runs, k = runs == 1 ? 0 : row % runs;
    fn(row * run + begin, (o * n + start + k * step) * inner + begin, count);
  });
}

/** Runs of one element: a strided last axis. */
bool strided(const Call& c, const Tensor& x) {
  return int64_t(c.attr[2]) != 1 && x.span(int(c.attr[0]) + 1, x.rank) == 1;
}

const char* forward(const Call& c) {
  const float* x = c.in[0].f();
  float* y = c.out[0].f();
  if (strided(c, c.in[0])) {
    const int axis = int(c.attr[0]);
    const int64_t start = int64_t(c.attr[1]), step = int64_t(c.attr[2]), m = c.out[0].dim[axis], n = c.in[0].dim[axis];
    parallel_pieces(c.in[0].span(0, axis), m, [=](int64_t row, int64_t begin, int64_t count, int) {
      const float* from = x + row * n + start + begin * step;
      for (int64_t i = 0; i < count; i++) y[row * m + begin + i] = from[i * step];
    });
  } else {
    const int axis = int(c.attr[0]);
    const Sink sink(y, c.out[0].size(), c.out[0].span(axis + 1, c.out[0].rank) * (c.attr[2] == 1 ? c.out[0].dim[axis] : 1));
    for_runs(c, c.out[0], c.in[0], [=](int64_t to, int64_t from, int64_t count) {
      sink.copy(y + to, x + from, count);
    });
  }
  return nullptr;
}

const char* backward(const Call& c) {
  const float* g = c.gout[0].f();
  float* dx = c.gin[0].f();
  parallel(c.gin[0].size(), 1 << 14, [=](int64_t i, int64_t end, int) {
    __builtin_memset(dx + i, 0, (end - i) * sizeof(float));
  });
  for_runs(c, c.gout[0], c.gin[0], [=](int64_t from, int64_t to, int64_t count) {
    __builtin_memcpy(dx + to, g + from, count * sizeof(float));
  });
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("slice", "forward", longconv::forward)
LONGCONV_KERNEL("slice", "backward", longconv::backward)
