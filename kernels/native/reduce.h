// Sums and maxima over some axes of a dense tensor, in an order that depends on the shape alone.
//
// Axes are merged into groups that are alternately kept and reduced. When the innermost group is reduced, each
// output is a sum of pieces of runs; when it is kept, rows are added up in chunks of kChunk rows. Partial results
// are few and are joined in float64, so a sum over n terms errs like one over about kChunk.
#pragma once
#include "kernel.h"
#include "simd.h"

namespace longconv {
namespace {

struct Groups {
  int rank = 0;
  int64_t dim[8];
  bool kept[8];

  void add(int64_t n, bool keep) {  // outermost first
    if (n == 1) return;
    if (rank > 0 && kept[rank - 1] == keep) {
      dim[rank - 1] *= n;
    } else {
      dim[rank] = n;
      kept[rank++] = keep;
    }
  }
  int64_t count(bool keep) const {
    int64_t n = 1;
    for (int d = 0; d < rank; d++) n *= kept[d] == keep ? dim[d] : 1;
    return n;
  }
};

/** Offset in the full tensor of index `i` counted over the groups [0, rank) that are kept (or reduced). */
inline int64_t group_offset(const Groups& g, int rank, bool keep, int64_t i) {
  int64_t at = 0, step = 1;
  for (int d = g.rank - 1; d >= rank; d--) step *= g.dim[d];
  for (int d = rank - 1; d >= 0; d--) {
    if (g.kept[d] == keep) {
      at += (i % g.dim[d]) * step;
      i /= g.dim[d];
    }
    step *= g.dim[d];
  }
  return at;
}

struct SumOf {
  static constexpr float kStart = 0;
  static V join(V a, V b) { return a + b; }
  static double join(double a, double b) { return a + b; }
  static float across(V a) { return hsum(a); }
  /** Neutral values in the lanes from n on, where there are zeros. */
  static V fill(V a, int64_t) { return a; }
};
struct MaxOf {
  static constexpr float kStart = -__builtin_inff();
  static V join(V a, V b) { return vmax(a, b); }
  static double join(double a, double b) { return a > b ? a : b; }
  static float across(V a) { return hmax(a); }
  static V fill(V a, int64_t n) { return first_or(a, splat(kStart), n); }
};

/** One run, W x 4 partial results at a time. */
template <class R>
inline double reduce_run(const float* x, int64_t n) {
  V a[4] = {splat(R::kStart), splat(R::kStart), splat(R::kStart), splat(R::kStart)};
  int64_t i = 0;
  for (; i + 4 * W <= n; i += 4 * W)
    for (int k = 0; k < 4; k++) a[k] = R::join(a[k], load(x + i + k * W));
  for (; i + W <= n; i += W) a[0] = R::join(a[0], load(x + i));
  if (i < n) a[1] = R::join(a[1], R::fill(load_part(x + i, int(n - i)), n - i));
  return R::across(R::join(R::join(a[0], a[1]), R::join(a[2], a[3])));
}

constexpr int64_t kRun = 4096, kChunk = 64, kColumns = 2048;

/** out[o][k] = factor * join over chunks of partial[o][chunk][k], in float64. */
template <class R>
inline void join_chunks(const float* partial, int64_t outer, int64_t chunks, int64_t K, float* out, float factor) {
  constexpr int64_t kBlock = 256;
  const int64_t blocks = (K + kBlock - 1) / kBlock;
  parallel(outer * blocks, 1, [&](int64_t i, int64_t end, int) {
    double sum[kBlock];
    for (; i < end; i++) {
      const int64_t o = i / blocks, c0 = i % blocks * kBlock, n = K - c0 < kBlock ? K - c0 : kBlock;
      for (int64_t c = 0; c < n; c++) sum[c] = R::kStart;
      for (int64_t chunk = 0; chunk < chunks; chunk++) {
        const float* p = partial + (o * chunks + chunk) * K + c0;
        for (int64_t c = 0; c < n; c++) sum[c] = R::join(sum[c], double(p[c]));
      }
      for (int64_t c = 0; c < n; c++) out[o * K + c0 + c] = float(sum[c] * factor);
    }
  });
}

/** Terms of a reduction: returns n terms that start at element `at` of the full tensor, in `room` if need be. */
using TermsFn = const float* (*)(void* ctx, int64_t at, int64_t n, float* room);

/** out[kept index] = factor * reduction over the reduced groups. Uses scratch slots 14 and 15. */
template <class R>
inline void reduce_groups(const Groups& g, TermsFn terms, void* ctx, float* out, float factor) {
  const int64_t kept = g.count(true), reduced = g.count(false);
  if (reduced == 0 || kept == 0) {
    for (int64_t i = 0; i < kept; i++) out[i] = R::kStart;
    return;
  }
  const int last = g.rank - 1;
  if (g.rank == 0 || !g.kept[last]) {
    const int64_t inner = g.rank == 0 ? 1 : g.dim[last];
    const int64_t pieces = (inner + kRun - 1) / kRun;
    const int64_t parts = reduced / inner * pieces;  // of each output
    double* partial = parts > 1 ? static_cast<double*>(scratch(0, 15, kept * parts * sizeof(double))) : nullptr;
    parallel(kept * parts, 1 + 2 * kRun / (inner < kRun ? inner : kRun), [&](int64_t i, int64_t end, int thread) {
      float* room = static_cast<float*>(scratch(thread, 14, kRun * sizeof(float)));
      for (; i < end; i++) {
        int64_t o = i / parts, part = i % parts, begin = part % pieces * kRun;
        int64_t n = inner - begin < kRun ? inner - begin : kRun;
        int64_t at = group_offset(g, last < 0 ? 0 : last, true, o) +
                     group_offset(g, last < 0 ? 0 : last, false, part / pieces) + begin;
        double r = reduce_run<R>(terms(ctx, at, n, room), n);
        if (partial) partial[i] = r;
        else out[o] = float(r * factor);
      }
    });
    if (partial)
      parallel(kept, 1 + kRun / parts, [&](int64_t o, int64_t end, int) {
        for (; o < end; o++) {
          double r = partial[o * parts];
          for (int64_t p = 1; p < parts; p++) r = R::join(r, partial[o * parts + p]);
          out[o] = float(r * factor);
        }
      });
    return;
  }
  // ... x rows x K, the innermost group kept.
  const int64_t K = g.dim[last], outer = kept / K, rows = reduced;
  const int64_t columns = (K + kColumns - 1) / kColumns, chunks = (rows + kChunk - 1) / kChunk;
  float* partial = chunks > 1 ? static_cast<float*>(scratch(0, 15, outer * chunks * K * sizeof(float))) : out;
  const float now = chunks > 1 ? 1 : factor;
  parallel(outer * chunks * columns, 1, [&](int64_t i, int64_t end, int thread) {
    float* room = static_cast<float*>(scratch(thread, 14, kColumns * sizeof(float)));
    for (; i < end; i++) {
      const int64_t c0 = i % columns * kColumns, n = K - c0 < kColumns ? K - c0 : kColumns;
      const int64_t slab = i / columns, chunk = slab % chunks, o = slab / chunks;
      const int64_t from = group_offset(g, last, true, o) + c0;
      const int64_t stop = (chunk + 1) * kChunk < rows ? (chunk + 1) * kChunk : rows;
      float* sum = partial + slab * K + c0;
      for (int64_t c = 0; c < n; c++) sum[c] = R::kStart;
      for (int64_t r = chunk * kChunk; r < stop; r++) {
        const float* x = terms(ctx, from + group_offset(g, last, false, r), n, room);
        int64_t c = 0;
        for (; c + W <= n; c += W) store(sum + c, R::join(load(sum + c), load(x + c)));
        if (c < n) store_part(sum + c, R::join(load_part(sum + c, int(n - c)), load_part(x + c, int(n - c))), int(n - c));
      }
      if (now != 1)
        for (int64_t c = 0; c < n; c++) sum[c] *= now;
    }
  });
  if (chunks > 1) join_chunks<R>(partial, outer, chunks, K, out, factor);
}

/** Sum over the axes along which `part` (right-aligned) repeats in `full`. */
inline Groups broadcast_groups(const Tensor& full, const Tensor& part) {
  Groups g;
  for (int d = 0; d < full.rank; d++) {
    int own = d - full.rank + part.rank;
    g.add(full.dim[d], own >= 0 && part.dim[own] == full.dim[d]);
  }
  return g;
}

}  // namespace
}  // namespace longconv
