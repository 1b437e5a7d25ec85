// The tiles of softmax attention: what every form of it does with a tile of keys and a panel of queries.
//
// Everything is computed transposed: lanes are queries. S^T = K Q^T reads keys where they lie and needs only Q^T
// packed, once; maximum, exponential and sum run over keys lane by lane, without a horizontal step; O^T = V^T P^T
// reads values where they lie. Scores carry log2(e), exponentials are powers of two. The reference of the exponents
// follows the running maximum only when a score passes it by more than kSlack, so that rescaling is rare and most
// tiles go from registers of S to P in memory in one step.
#pragma once
#include "gemm.h"
#include "micro.h"
#include "simd-math.h"
#include "transpose.h"

namespace longconv {
namespace {

using LONGCONV_ISA::gemm_tile;

constexpr float kLog2e = 1.44269504088896341f, kLn2 = 0.69314718055994531f;
constexpr float kLow = -1e30f;  // below every score
constexpr float kSlack = 8;     // how far, in powers of two, a score may exceed the running maximum
constexpr int64_t kKeys = 56 / kRows * kRows;  // keys of a tile
constexpr int64_t kBackQueries = 64;           // queries of a backward step

inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
inline int64_t up(int64_t n, int64_t of) { return (n + of - 1) / of * of; }

/** Hands out pieces of one block of scratch, each on its own cache lines. */
struct Carver {
  float* at;
  float* take(int64_t n) {
    float* p = at;
    at += up(n, 16);
    return p;
  }
};

/** y = x, d floats. Whole vectors without a mask: what a masked store wrote is slow to read at once. */
inline void copy_row(const float* x, int64_t d, float* y) {
  int64_t t = 0;
  for (; t + W <= d; t += W) store(y + t, load(x + t));
  if (t < d) store_part(y + t, load_part(x + t, int(d - t)), int(d - t));
}

/** y = scale y + x, d floats. */
inline void add_row(const float* x, int64_t d, float* y, float scale = 1) {
  const V s = splat(scale);
  int64_t t = 0;
  for (; t + W <= d; t += W) store(y + t, fma(load(y + t), s, load(x + t)));
  if (t < d) store_part(y + t, fma(load_part(y + t, int(d - t)), s, load_part(x + t, int(d - t))), int(d - t));
}

/** Asks for a row ahead of time: rows of a head lie apart, out of the reach of the machine's own guesses. */
inline void prefetch_row(const float* x, int64_t d) {
  for (int64_t t = 0; t < d; t += 16) __builtin_prefetch(x + t, 0, 2);
}

/** n rows of d times `scale`, padded with zeros to dp columns and `rows` rows. */
inline void padded_rows(const float* x, int64_t ld, int64_t n, int64_t d, float scale, float* y, int64_t dp,
                        int64_t rows) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t t = 0; t < dp; t += W)
      store(y + i * dp + t, i < n ? load_part(x + i * ld + t, int(least(W, d - t))) * splat(scale) : V{});
}

/** y (d x lanes, lanes a multiple of W) = scale x^T for n rows of d; lanes from n on are zero. */
__attribute__((noinline, unused)) void columns(const float* x, int64_t ld, int64_t n, int64_t d, float scale, float* y,
                                               int64_t lanes) {
  for (int64_t i = 0; i < lanes; i += W)
    transpose_strip(x + i * ld, ld, int(most(0, least(W, n - i))), d, scale, y + i, lanes);
}

/** n rows of y, d wide, ldy apart = scale x^T for x (d x lanes), rows ldx apart. */
__attribute__((noinline, unused)) void rows_back(const float* x, int64_t ldx, int64_t n, int64_t d, float scale,
                                                 float* y, int64_t ldy) {
  for (int64_t t = 0; t < d; t += W) {
    const int w = int(least(W, d - t));
    transpose_strip(x + t * ldx, ldx, w, n, scale, y + t, ldy, w);
  }
}

/** Keys that the queries in the lanes of a panel see: [low, high). */
struct Limits {
  int32_t low[kBackQueries], high[kBackQueries];
};

/** Which lanes see key j. */
LC_INLINE VI sees(VI low, VI high, int32_t j) { return (high > splati(j)) & (low <= splati(j)); }

/** Per query: the reference of the exponents (near the running maximum) with a minus sign, and the sum. */
struct Softmax {
  float minus_ref[kLanes], sum[kLanes];
};

/**
 * P = 2^(S - ref) for kRows keys, straight from the registers that hold S; sums grow. False, with nothing done, when
 * a score lies too far above its reference.
 */
LC_INLINE bool score_tile(int64_t d, const float* k, const float* q, float* p, Softmax& state) {
  V acc[kRows][2];
  begin_tile(acc, state.minus_ref);
  multiply(acc, d, k, d, 1, q, kLanes);
  V top = vmax(acc[0][0], acc[0][1]);
#pragma GCC unroll 16
  for (int i = 1; i < kRows; i++) top = vmax(top, vmax(acc[i][0], acc[i][1]));
  if (hmax(top) > kSlack) return false;
#pragma GCC unroll 2
  for (int v = 0; v < 2; v++) {
    V sum = load(state.sum + v * W);
#pragma GCC unroll 16
    for (int i = 0; i < kRows; i++) {
      const V e = vexp2(acc[i][v]);
      sum += e;
      store(p + i * kLanes + v * W, e);
    }
    store(state.sum + v * W, sum);
  }
  return true;
}

/** The same for a whole tile of keys; false, with nothing done, when the long way must be taken. */
__attribute__((noinline, unused)) bool scores(int64_t d, const float* k, const float* q, float* p, Softmax& state) {
  const Softmax before = state;
  for (int64_t j = 0; j < kKeys; j += kRows)
    if (!score_tile(d, k + j * d, q, p + j * kLanes, state)) {
      state = before;
      return false;
    }
  return true;
}
/**
 * S - ref (n x kLanes, in place) becomes P; state and O^T (d x kLanes) move along. Keys are numbered `at`; `limits`:
 * null when every lane sees them all. True when every lane has seen a key by now.
 */
inline bool softmax_step(float* s, int64_t n, int64_t lanes, const int32_t* at, const Limits* limits, Softmax& state,
                         float* o, int64_t d) {
  bool begun = true;
  for (int64_t v = 0; v < lanes; v += W) {
    const VI low = limits ? loadi(limits->low + v) : VI{}, high = limits ? loadi(limits->high + v) : VI{};
    V top = splat(kLow), sum = load(state.sum + v), shift{};
    for (int64_t j = 0; j < n; j++) {
      V x = load(s + j * kLanes + v);
      if (limits) x = sees(low, high, at[j]) ? x : splat(kLow);
      top = vmax(top, x);
    }
    // The first keys that a query sees set its reference, later ones move it only when they must.
    const VI moves = (top > splat(kSlack)) | ((sum == V{}) & (top > splat(kLow)));
    if (hmax(moves ? splat(1) : V{}) > 0) {
      shift = moves ? top : V{};
      const V shrink = sum == V{} ? V{} : vexp2(V{} - shift);
      sum = sum * shrink;
      for (int64_t t = 0; t < d; t++) store(o + t * kLanes + v, load(o + t * kLanes + v) * shrink);
      store(state.minus_ref + v, load(state.minus_ref + v) - shift);
    }
    for (int64_t j = 0; j < n; j++) {
      V p = vexp2(load(s + j * kLanes + v) - shift);
      if (limits) p = as_float(as_int(p) & sees(low, high, at[j]));
      sum += p;
      store(s + j * kLanes + v, p);
    }
    store(state.sum + v, sum);
    begun &= hmax(sum > V{} ? V{} : splat(1)) == 0;
  }
  return begun;
}

/** P and dS of n keys for the lanes [first, end), in place: s holds S - lse, ds dP - delta, rows of kBackQueries. */
inline void backward_step(float* s, float* ds, int64_t n, int64_t first, int64_t end, const int32_t* at,
                          const Limits* limits) {
  for (int64_t v = first; v < end; v += W) {
    const VI low = limits ? loadi(limits->low + v) : VI{}, high = limits ? loadi(limits->high + v) : VI{};
    for (int64_t j = 0; j < n; j++) {
      float *a = s + j * kBackQueries + v, *b = ds + j * kBackQueries + v;
      V p = vexp2(load(a));
      if (limits) p = as_float(as_int(p) & sees(low, high, at[j]));
      store(a, p);
      store(b, load(b) * p);
    }
  }
}

/** P = 2^(S - lse) and dS = P (dP - delta) of kRows keys, from registers. */
__attribute__((noinline, unused)) void backward_tile(int64_t d, const float* k, const float* v, const float* qt,
                                             const float* gt, const float* minus_lse, const float* minus_delta,
                                             float* p, float* ds) {
  constexpr int64_t Q = kBackQueries;
  V acc[kRows][2];
  begin_tile(acc, minus_lse);
  multiply(acc, d, k, d, 1, qt, Q);
#pragma GCC unroll 16
  for (int i = 0; i < kRows; i++)
#pragma GCC unroll 2
    for (int x = 0; x < 2; x++) store(p + i * Q + x * W, vexp2(acc[i][x]));
  begin_tile(acc, minus_delta);
  multiply(acc, d, v, d, 1, gt, Q);
#pragma GCC unroll 16
  for (int i = 0; i < kRows; i++)
#pragma GCC unroll 2
    for (int x = 0; x < 2; x++) store(ds + i * Q + x * W, acc[i][x] * load(p + i * Q + x * W));
}
}  // namespace
}  // namespace longconv
