// y = a op b with broadcasting. Memory bound: one pass, 12 bytes an element when neither operand repeats.
// Backward: element-wise where an operand did not repeat, else a reduction of terms made piece by piece in cache.
// attr: function index (order of op.ts).
#include "broadcast.h"
#include "kernel.h"
#include "reduce.h"
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
void run(float* y, const float* a, int64_t sa, const float* b, int64_t sb, int64_t n) {
  int64_t i = 0;
  if (sa && sb) {
    for (; i + W <= n; i += W) store(y + i, value<F>(load(a + i), load(b + i)));
  } else if (sa) {
    const V vb = splat(*b);
    for (; i + W <= n; i += W) store(y + i, value<F>(load(a + i), vb));
  } else {
    const V va = splat(*a);
    for (; i + W <= n; i += W) store(y + i, value<F>(va, sb ? load(b + i) : splat(*b)));
  }
  if (i < n) {
    const int m = int(n - i);
    const V va = sa ? load_part(a + i, m) : splat(*a), vb = sb ? load_part(b + i, m) : splat(*b);
    store_part(y + i, value<F>(va, vb), m);
  }
}

using Run = void (*)(float*, const float*, int64_t, const float*, int64_t, int64_t);
constexpr Run kRuns[] = {run<kAdd>, run<kSub>, run<kMul>, run<kDiv>};

const char* forward(const Call& c) {
  const Broadcast g = broadcast(c.out[0], c.in[0], c.in[1]);
  const float *a = c.in[0].f(), *b = c.in[1].f();
  float* y = c.out[0].f();
  const int64_t inner = g.inner();
  const Run go = kRuns[int(c.attr[0])];
  parallel_pieces(g.outer(), inner, [&](int64_t row, int64_t i, int64_t n, int) {
    go(y + row * inner + i, a + g.offset(0, row) + i * g.step(0), g.step(0), b + g.offset(1, row) + i * g.step(1),
       g.step(1), n);
  });
  return nullptr;
}

/** The gradient of one operand before it is summed: g times a sign, or g op other, or -g a / b^2. */
struct Terms {
  int fn, which;
  const float *g, *a, *b;
  Broadcast grid;  // of a and b

  void make(float* to, int64_t at, int64_t n) const {
    if (fn == kAdd || fn == kSub) {
      const V sign = splat(fn == kSub && which == 1 ? -1 : 1);
      int64_t i = 0;
      for (; i + W <= n; i += W) store(to + i, load(g + at + i) * sign);
      if (i < n) store_part(to + i, load_part(g + at + i, int(n - i)) * sign, int(n - i));
      return;
    }
    const int64_t inner = grid.inner();
    while (n > 0) {
      const int64_t row = at / inner, col = at % inner, m = inner - col < n ? inner - col : n;
      const float* pa = a + grid.offset(0, row) + col * grid.step(0);
      const float* pb = b + grid.offset(1, row) + col * grid.step(1);
      const int64_t sa = grid.step(0), sb = grid.step(1);
      if (which == 0) {
        kRuns[fn](to, g + at, 1, pb, sb, m);
      } else {
        run<kMul>(to, g + at, 1, pa, sa, m);
        if (fn == kDiv) {
          run<kDiv>(to, to, 1, pb, sb, m);
          run<kDiv>(to, to, 1, pb, sb, m);
          const float minus = -1;
          run<kMul>(to, to, 1, &minus, 0, m);
        }
      }
      to += m, at += m, n -= m;
    }
  }
};

const float* terms(void* ctx, int64_t at, int64_t n, float* room) {
  const Terms& t = *static_cast<Terms*>(ctx);
  if (t.fn == kAdd || (t.fn == kSub && t.which == 0)) return t.g + at;
  t.make(room, at, n);
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
      parallel(g.size(), kPiece, [&](int64_t i, int64_t end, int) { t.make(to + i, i, end - i); });
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
