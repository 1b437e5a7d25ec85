// A whole transform of one row: from real rows or complex pairs, through a leaf, back to real rows or pairs.
#pragma once
#include "leaf.h"
#include "three-pass.h"
#include "threads.h"

namespace longconv {
namespace {

/**
 * A row of the ring: index j < N holds `lo`, the imaginary part `hi` (indices N .. 2N - 1 of the real row). Without
 * `hi` the row is real. What lies beyond the lengths is zero when read and dropped when written.
 */
struct RingRow {
  float* lo;
  int64_t nlo;
  float* hi;
  int64_t nhi;
  bool stream;
};

/** Who works on a row: the calling thread, or everyone. */
struct Team {
  int thread;
  bool wide;
};

template <class F>
void split(const Team& team, int64_t n, int64_t grain, F&& work) {
  if (!team.wide) return work(int64_t{0}, n);
  parallel(n, grain, [&](int64_t b, int64_t e, int) { work(b, e); });
}
constexpr int64_t kColumnGrain = 256, kVectorGrain = 4096;

/** Offset in a workspace row of vector v (of N / W) as the first step's columns see it. */
LC_INLINE int64_t place(const Plan& p, int64_t v) {
  int64_t at = 0;
  for (int i = 0; i < p.joint && i < p.steps; i++) at += v / p.step[i].cols * p.step[i].stride, v %= p.step[i].cols;
  return at + v * 2 * W;
}

LC_INLINE V load_clipped(const float* p, int64_t at, int64_t n) {
  return !p ? V{} : at + W <= n ? load(p + at) : load_edge(p + at, n - at);
}

inline RealRow real_row(const Plan& p, const RingRow& x) { return {x.lo, x.nlo, p.step[0].cols * W, x.stream}; }

/** Input to workspace, and the first step. */
inline void enter(const Plan& p, const Team& team, const RingRow& x, float* S) {
  const bool real = p.steps && !x.hi;
  if (!real)
    split(team, p.N / W, kVectorGrain, [&](int64_t v, int64_t end) {
      for (; v < end; v++)
        storec(S + place(p, v), {load_clipped(x.lo, v * W, x.nlo), load_clipped(x.hi, v * W, x.nhi)});
    });
  if (!p.steps) return;
  const RealRow u = real_row(p, x);
  if (p.joint > 1)
    return split(team, stripes(p), 1, [&](int64_t b, int64_t e) { butterfly(p, real ? &u : nullptr, S, b, e); });
  split(team, p.step[0].cols, kColumnGrain,
        [&](int64_t b, int64_t e) { forward_columns(p, 0, 0, real ? &u : nullptr, S, b, e); });
}

/** The first step's inverse, and workspace to output. */
inline void leave(const Plan& p, const Team& team, float* S, const RingRow& y) {
  const bool real = p.steps && !y.hi;
  if (p.joint > 1) {
    const RealRow row = real_row(p, y);
    split(team, stripes(p), 1, [&](int64_t b, int64_t e) {
      inverse_butterfly(p, real ? &row : nullptr, S, b, e);
      if (y.stream) nt_fence();
    });
  } else if (p.steps) {
    const RealRow row = real_row(p, y);
    split(team, p.step[0].cols, kColumnGrain, [&](int64_t b, int64_t e) {
      inverse_columns(p, 0, 0, real ? &row : nullptr, S, b, e);
      if (y.stream) nt_fence();
    });
  }
  if (real) return;
  split(team, p.N / W, kVectorGrain, [&](int64_t v, int64_t end) {
    for (; v < end; v++) {
      const Cx x = loadc(S + place(p, v));
      store_edge(y.lo + v * W, x.r, y.nlo - v * W);
      if (y.hi) store_edge(y.hi + v * W, x.i, y.nhi - v * W);
    }
  });
}

/** Everything between. */
inline void middle(Leaf kind, const Team& team, const Walk& w) {
  const Plan& p = *w.p;
  if (!p.steps) return leaf(kind, w, 0, 0, 1);
  if (p.joint > 1)
    return split(team, rows_on_chip(p), 1, [&](int64_t b, int64_t e) {
      for (; b < e; b++) walk_row(kind, w, b);
    });
  split(team, p.step[0].radix, 1, [&](int64_t b, int64_t e) { walk_blocks(kind, w, 0, 0, 0, b, e); });
}

}  // namespace
}  // namespace longconv
