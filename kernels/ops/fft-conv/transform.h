// A whole transform of one row: from real rows or complex pairs, through a leaf, back to real rows or pairs.
#pragma once
#include "leaf.h"
#include "passes.h"
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

/** Who works on a row: the calling thread with its own scratch, or everyone (`wide`; stripes: one T a thread). */
struct Team {
  int thread;
  bool wide;
  float* scratch;  // of all threads
  int64_t stripe;
  float* T(int t) const { return scratch + t * stripe; }
};

template <class F>
void split(const Team& team, int64_t n, int64_t grain, F&& work) {
  if (!team.wide) return work(int64_t{0}, n, team.T(team.thread));
  parallel(n, grain, [&](int64_t b, int64_t e, int thread) { work(b, e, team.T(thread)); });
}

/** Offset in a workspace row of vector v (of N / W) as the first group's columns see it. */
LC_INLINE int64_t place(const Plan& p, int64_t v) {
  if (!p.groups) return v * 2 * W;
  const Group& g = p.group[0];
  return v / g.cols * g.stride + v % g.cols * 2 * W;
}

LC_INLINE V load_clipped(const float* p, int64_t at, int64_t n) {
  return !p ? V{} : at + W <= n ? load(p + at) : load_edge(p + at, n - at);
}

/** Vectors [v0, v1) of a ring row into a workspace row, and back. */
inline void spread(const Plan& p, const RingRow& x, float* S, int64_t v0, int64_t v1) {
  for (int64_t v = v0; v < v1; v++)
    storec(S + place(p, v), {load_clipped(x.lo, v * W, x.nlo), load_clipped(x.hi, v * W, x.nhi)});
}
inline void collect(const Plan& p, const float* S, const RingRow& y, int64_t v0, int64_t v1) {
  for (int64_t v = v0; v < v1; v++) {
    const Cx x = loadc(S + place(p, v));
    store_edge(y.lo + v * W, x.r, y.nlo - v * W);
    if (y.hi) store_edge(y.hi + v * W, x.i, y.nhi - v * W);
  }
}

constexpr int64_t kColumnGrain = 16;

inline RealRow real_row(const Plan& p, const RingRow& x) {
  const int64_t pitch = p.group[0].cols * W;
  return {x.lo, x.nlo, pitch, x.stream, p.group[0].steps > 1 ? 2 * kStripe * W : 0};
}

inline void enter(const Plan& p, const Team& team, const RingRow& x, float* S) {
  if (p.groups && !x.hi) {
    const RealRow u = real_row(p, x);
    return split(team, p.group[0].cols, kColumnGrain,
                 [&](int64_t b, int64_t e, float* T) { forward_columns(p, 0, 0, &u, S, T, b, e); });
  }
  split(team, p.N / W, 4096, [&](int64_t b, int64_t e, float*) { spread(p, x, S, b, e); });
  if (p.groups)
    split(team, p.group[0].cols, kColumnGrain,
          [&](int64_t b, int64_t e, float* T) { forward_columns(p, 0, 0, nullptr, S, T, b, e); });
}

inline void leave(const Plan& p, const Team& team, float* S, const RingRow& y) {
  if (p.groups && !y.hi) {
    const RealRow row = real_row(p, y);
    split(team, p.group[0].cols, kColumnGrain,
          [&](int64_t b, int64_t e, float* T) { inverse_columns(p, 0, 0, &row, S, T, b, e); });
    if (y.stream) nt_fence();
    return;
  }
  if (p.groups)
    split(team, p.group[0].cols, kColumnGrain,
          [&](int64_t b, int64_t e, float* T) { inverse_columns(p, 0, 0, nullptr, S, T, b, e); });
  split(team, p.N / W, 4096, [&](int64_t b, int64_t e, float*) { collect(p, S, y, b, e); });
}

inline void middle(Leaf kind, const Team& team, const Walk& w) {
  const Plan& p = *w.p;
  if (!p.groups) return leaf(kind, w, 0, 0, 1);
  split(team, p.group[0].R, 1, [&](int64_t b, int64_t e, float* T) { walk_rows(kind, w, T, 0, 0, 0, b, e); });
}

}  // namespace
}  // namespace longconv
