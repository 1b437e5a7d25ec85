// Tensors one after the other along an axis: runs are copied. Memory bound, 8 bytes an element.
// attr: axis, then how long each tensor is along it.
#include "broadcast.h"
#include "kernel.h"
#include "rows.h"

namespace longconv {
namespace {

const char* forward(const Call& c) {
  const Tensor& y = c.out[0];
  const int axis = int(c.attr[0]);
  const int64_t outer = y.span(0, axis), inner = y.span(axis + 1, y.rank), whole = y.dim[axis] * inner;
  int64_t start = 0;
  for (int k = 1; k < c.nattr; k++) {
    const int64_t run = int64_t(c.attr[k]) * inner;
    const float* x = c.in[k - 1].f();
    float* to = y.f() + start;
    const Sink sink(to, y.size(), whole);
    parallel_pieces(outer, run, [=](int64_t row, int64_t begin, int64_t n, int) {
      sink.copy(to + row * whole + begin, x + row * run + begin, n);
    });
    start += run;
  }
  return nullptr;
}

const char* backward(const Call& c) {
  const Tensor& g = c.gout[0];
  const int axis = int(c.attr[0]);
  const int64_t outer = g.span(0, axis), inner = g.span(axis + 1, g.rank), whole = g.dim[axis] * inner;
  int64_t start = 0;
  for (int k = 1; k < c.nattr; k++) {
    const int64_t run = int64_t(c.attr[k]) * inner;
    const float* from = g.f() + start;
    if (float* dx = c.gin[k - 1].f()) {
      const Sink sink(dx, c.gin[k - 1].size(), run);
      parallel_pieces(outer, run, [=](int64_t row, int64_t begin, int64_t n, int) {
        sink.copy(dx + row * run + begin, from + row * whole + begin, n);
      });
    }
    start += run;
  }
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("concat", "forward", longconv::forward)
LONGCONV_KERNEL("concat", "backward", longconv::backward)
