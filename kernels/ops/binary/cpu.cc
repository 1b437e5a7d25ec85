// y = a op b with broadcasting. Memory bound: one pass, 12 bytes an element when neither operand repeats.
// Backward: element-wise where an operand did not repeat, else a reduction of terms made piece by piece in cache.
// attr: function index (order of op.ts).
#include "broadcast.h"
#include "kernel.h"
#include "reduce.h"
#include "rows.h"
#include "simd.h"

namespace longconv {
namespace {

enum Fn { kAdd, kSub, kMul, kDiv };

template <int F>
LC_INLINE V value(V a, V b) {
  if constexpr (F == kAdd) return a + b;
  if constexpr (F == kSub) return a - b;
  if constexpr (F == kMul) return a * b;
  return a / b;
}

/** y = a op b over one run; an operand with step 0 is one number. */
template <int F>
void run(float* y, const float* a, int64_t sa, const float* b, int64_t sb, int64_t n, Sink sink) {
  const V va = splat(*a), vb = splat(*b);
  for_vectors(n, [=](int64_t i, int64_t left) LC_LOOP {
    sink.put(y + i, value<F>(sa ? get(a + i, left) : va, sb ? get(b + i, left) : vb), left);
  });
}

using Run = void (*)(float*, const float*, int64_t, const float*, int64_t, int64_t, Sink);
constexpr Run kRuns[] = {run<kAdd>, run<kSub>, run<kMul>, run<kDiv>};

const char* forward(const Call& c) {
  const Broadcast g = broadcast(c.out[0], c.in[0], c.in[1]);
  const float *a = c.in[0].f(), *b = c.in[1].f();
  float* y = c.out[0].f();
  const int64_t inner = g.inner();
  const Run go = kRuns[int(c.attr[0])];
  const Sink sink(y, c.out[0].size(), inner);
  parallel_pieces(g.outer(), inner, [&](int64_t row, int64_t i, int64_t n, int) {
    go(y + row * inner + i, a + g.offset(0, row) + i * g.step(0), g.step(0), b + g.offset(1, row) + i * g.step(1),
       g.step(1), n, sink);
  });
  return nullptr;
}

/** The gradient of one operand before it is summed: g times a sign, or g op other, or -g a / b^2. */
struct Terms {
  int fn, which;
  const float *g, *a, *b;
  Broadcast grid;  // of a and b

  void make(float* to, int64_t at, int64_t n, Sink sink) const {
    if (fn == kAdd || fn == kSub) {
      const float sign = fn == kSub && which == 1 ? -1 : 1;
      run<kMul>(to, g + at, 1, &sign, 0, n, sink);
      return;
    }
    const int64_t inner = grid.inner();
    while (n > 0) {
      const int64_t row = at / inner, col = at % inner, m = inner - col < n ? inner - col : n;
      const float* pa = a + grid.offset(0, row) + col * grid.step(0);
      const float* pb = b + grid.offset(1, row) + col * grid.step(1);
      const int64_t sa = grid.step(0), sb = grid.step(1);
      if (which == 0) {
        kRuns[fn](to, g + at, 1, pb, sb, m, sink);
      } else if (fn == kMul) {
        run<kMul>(to, g + at, 1, pa, sa, m, sink);
      } else {
        const V va = splat(*pa), vb = splat(*pb);
        for_vectors(m, [=, this](int64_t i, int64_t left) LC_LOOP {
          const V q = value<kDiv>(sa ? get(pa + i, left) : va, sb ? get(pb + i, left) : vb);
          sink.put(to + i, V{} - get(g + at + i, left) * q / (sb ? get(pb + i, left) : vb), left);
        });
      }
      to += m, at += m, n -= m;
    }
  }
};

const float* terms(void* ctx, int64_t at, int64_t n, float* room) {
  const Terms& t = *static_cast<Terms*>(ctx);
  if (t.fn == kAdd || (t.fn == kSub && t.which == 0)) return t.g + at;
  t.make(room, at, n, Sink(room, n));
  return room;
}

const char* backward(const Call& c) {
  const Tensor& g = c.gout[0];
  for (int which = 0; which < 2; which++) {
    const Tensor& gx = c.gin[which];
    if (!gx) continue;
    Terms t{int(c.attr[0]), which, g.f(), c.in[0].f(), c.in[1].f(), {}};
    if (t.a && t.b) t.grid = broadcast(g, c.in[0], c.in[1]);
    const Groups groups = broadcast_groups(g, gx);
    if (groups.count(false) == 1) {
      float* to = gx.f();
      const bool whole = !t.a || (c.in[0].size() == g.size() && c.in[1].size() == g.size());
      const Sink sink(to, g.size(), whole ? W : t.grid.inner());
      parallel(g.size(), kPiece, [&](int64_t i, int64_t end, int) {
        t.make(to + i, i, end - i, sink);
        sink.done();
      });
    } else {
      reduce_groups<SumOf>(groups, terms, &t, gx.f(), 1);
    }
  }
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("binary", "forward", longconv::forward)
LONGCONV_KERNEL("binary", "backward", longconv::backward)
