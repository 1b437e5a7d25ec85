// Tensors one after the other along an axis: runs are copied. Memory bound, 8 bytes an element.
// attr: axis, then how long each tensor is along it.
#include "broadcast.h"
#include "kernel.h"
#include "rows.h"

namespace longconv {
namespace {

/** Whether the runs of every part start at multiples of a vector, in the part and in the whole. */
bool aligned(const Call& c, const Tensor& whole) {
  const int axis = int(c.attr[0]);
  const int64_t inner = whole.span(axis + 1, whole.rank);
  for (int k = 1; k < c.nattr; k++)
    if (int64_t(c.attr[k]) * inner % W) return false;
  return true;
}

/** Calls fn(k, at, in, n) for the runs of all parts: n elements at `at` in part k and at `in` in the whole. */
template <class F>
void for_runs(const Call& c, const Tensor& whole, const F& fn) {
  const int axis = int(c.attr[0]), parts = c.nattr - 1;
  const int64_t outer = whole.span(0, axis), inner = whole.span(axis + 1, whole.rank), width = whole.dim[axis] * inner;
  if (width <= kPiece) {  // row after row, so that the whole is one stream
    parallel(outer, 1 + kPiece / width, [&](int64_t row, int64_t end, int) {
      for (; row < end; row++) {
        int64_t start = 0;
        for (int k = 0; k < parts; k++) {
          const int64_t run = int64_t(c.attr[1 + k]) * inner;
          fn(k, row * run, row * width + start, run);
          start += run;
        }
      }
      nt_fence();
    });
    return;
  }
  int64_t start = 0;
  for (int k = 0; k < parts; k++) {
    const int64_t run = int64_t(c.attr[1 + k]) * inner;
    parallel_pieces(outer, run, [&](int64_t row, int64_t begin, int64_t n, int) {
      fn(k, row * run + begin, row * width + start + begin, n);
    });
    start += run;
  }
}

const char* forward(const Call& c) {
  const Tensor& y = c.out[0];
  const Sink sink(y.f(), y.size(), aligned(c, y) ? W : 1);
  for_runs(c, y, [&](int k, int64_t at, int64_t in, int64_t n) { sink.copy(y.f() + in, c.in[k].f() + at, n); });
  return nullptr;
}

const char* backward(const Call& c) {
  const Tensor& g = c.gout[0];
  const Sink sink(g.f(), g.size(), aligned(c, g) ? W : 1);
  for_runs(c, g, [&](int k, int64_t at, int64_t in, int64_t n) {
    if (c.gin[k]) sink.copy(c.gin[k].f() + at, g.f() + in, n);
  });
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("concat", "forward", longconv::forward)
LONGCONV_KERNEL("concat", "backward", longconv::backward)
