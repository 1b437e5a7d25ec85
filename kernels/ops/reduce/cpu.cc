// Sum, mean, max over axes. Memory bound: 4 bytes an element forward, 4 backward (8 for max). The order of the sums
// depends on the shape alone (reduce.h). attr: function, axes.
#include "broadcast.h"
#include "kernel.h"
#include "reduce.h"
#include "rows.h"
#include "simd.h"

namespace longconv {
namespace {

enum Fn { kSum, kMean, kMax };

bool reduced(const Call& c, int axis) {
  for (int k = 1; k < c.nattr; k++)
    if (int(c.attr[k]) == axis) return true;
  return false;
}

Groups groups_of(const Call& c, const Tensor& x) {
  Groups g;
  for (int d = 0; d < x.rank; d++) g.add(x.dim[d], !reduced(c, d));
  return g;
}

const float* whole(void* ctx, int64_t at, int64_t, float*) { return static_cast<const float*>(ctx) + at; }

const char* forward(const Call& c) {
  const Groups g = groups_of(c, c.in[0]);
  if (int(c.attr[0]) == kMax) {
    reduce_groups<MaxOf>(g, whole, c.in[0].data, c.out[0].f(), 1);
  } else {
    const double n = double(g.count(false));
    reduce_groups<SumOf>(g, whole, c.in[0].data, c.out[0].f(), int(c.attr[0]) == kMean ? float(1 / n) : 1);
  }
  return nullptr;
}

/** 1 where x attains the maximum of its group, else 0. */
struct Wins {
  const float *x, *y;
  Broadcast grid;  // of x and y

  void make(float* to, int64_t at, int64_t n) const {
    const int64_t inner = grid.inner(), step = grid.step(1);
    while (n > 0) {
      const int64_t row = at / inner, col = at % inner, m = inner - col < n ? inner - col : n;
      const float* top = y + grid.offset(1, row) + col * step;
      const V same = splat(*top), one = splat(1);
      for_vectors(m, [=, this](int64_t i, int64_t left) LC_LOOP {
        put(to + i, get(x + at + i, left) == (step ? get(top + i, left) : same) ? one : V{}, left);
      });
      to += m, at += m, n -= m;
    }
  }
};
const float* wins(void* ctx, int64_t at, int64_t n, float* room) {
  static_cast<Wins*>(ctx)->make(room, at, n);
  return room;
}

const char* backward(const Call& c) {
  const Tensor &g = c.gout[0], &dx = c.gin[0];
  const int fn = int(c.attr[0]);
  Tensor small = dx;  // g with ones in place of the reduced axes
  small.data = g.data;
  for (int d = 0; d < dx.rank; d++)
    if (reduced(c, d)) small.dim[d] = 1;
  const Broadcast grid = broadcast(dx, dx, small);
  const int64_t inner = grid.inner(), kept = small.size();
  float* factor = static_cast<float*>(scratch(0, 13, (kept + 1) * sizeof(float)));
  Wins w{c.in[0].f(), c.out[0].f(), grid};
  if (fn == kMax) {
    reduce_groups<SumOf>(groups_of(c, dx), wins, &w, factor, 1);
    for (int64_t i = 0; i < kept; i++) factor[i] = g.f()[i] / factor[i];
  } else {
    const float share = fn == kSum ? 1 : float(1 / double(dx.size() / kept));
    for (int64_t i = 0; i < kept; i++) factor[i] = g.f()[i] * share;
  }
  const Sink sink(dx.f(), dx.size(), inner);
  parallel_pieces(grid.outer(), inner, [&](int64_t row, int64_t begin, int64_t n, int) {
    const int64_t step = grid.step(1);
    float* to = dx.f() + row * inner + begin;
    const float* f = factor + grid.offset(1, row) + begin * step;
    const V same = splat(*f);
    if (fn != kMax) {
      for_vectors(n, [=](int64_t i, int64_t left) LC_LOOP { sink.put(to + i, step ? get(f + i, left) : same, left); });
      return;
    }
    w.make(to, row * inner + begin, n);
    for_vectors(n, [=](int64_t i, int64_t left) LC_LOOP {
      put(to + i, get(to + i, left) * (step ? get(f + i, left) : same), left);
    });
  });
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("reduce", "forward", longconv::forward)
LONGCONV_KERNEL("reduce", "backward", longconv::backward)
