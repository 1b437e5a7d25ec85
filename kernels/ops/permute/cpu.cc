// y = x with its axes in another order. Memory bound: 8 bytes an element.
//
// Axes that stay together are merged. If the last axis stays last, runs are copied. Otherwise the last axis of x and
// the last axis of y form a matrix that is transposed in tiles in registers. x is taken in bands of kBand rows of
// kStripe elements; while one is transposed the next is prefetched in order, since the tiles' own accesses (lines a row
// apart) are nothing that a prefetcher follows. y is written in whole cache lines, past the caches when it is large.
// attr: the axes.
#include "kernel.h"
#include "rows.h"
#include "transpose.h"

namespace longconv {
namespace {

/** y's axes, innermost last: size, and stride of each in x and in y. */
struct Plan {
  int rank = 0;
  int64_t dim[8], from[8], to[8];
};

Plan plan_of(const Tensor& x, const double* axes, bool inverse) {
  int64_t stride[8], step = 1;
  int order[8];
  for (int d = 0; d < x.rank; d++) order[inverse ? int(axes[d]) : d] = inverse ? d : int(axes[d]);
  for (int d = x.rank - 1; d >= 0; d--) stride[d] = step, step *= x.dim[d];
  Plan p;
  for (int d = 0; d < x.rank; d++) {
    const int64_t n = x.dim[order[d]], s = stride[order[d]];
    if (n == 1) continue;
    if (p.rank > 0 && p.from[p.rank - 1] == s * n) {
      p.dim[p.rank - 1] *= n;
      p.from[p.rank - 1] = s;
    } else {
      p.dim[p.rank] = n;
      p.from[p.rank++] = s;
    }
  }
  if (p.rank == 0) p.dim[0] = p.from[0] = 1, p.rank = 1;
  step = 1;
  for (int d = p.rank - 1; d >= 0; d--) p.to[d] = step, step *= p.dim[d];
  return p;
}

/** Offsets of index i over the axes of the plan other than `skip` and the last. */
struct Offsets {
  int64_t from = 0, to = 0;
};
Offsets offsets(const Plan& p, int skip, int64_t i) {
  Offsets o;
  for (int d = p.rank - 2; d >= 0; d--) {
    if (d == skip) continue;
    const int64_t k = i % p.dim[d];
    i /= p.dim[d];
    o.from += k * p.from[d];
    o.to += k * p.to[d];
  }
  return o;
}

constexpr int64_t kLine = 16;  // elements of a cache line

/** y[j][i] = x[i][j] for i < n <= kLine, j < m <= W. Full rows of y are written line by line. */
LC_INLINE void tile(const float* x, int64_t sx, float* y, int64_t sy, int64_t n, int64_t m, Sink sink) {
  V r[kLine];
  if (n >= kLine && m >= W) {
#pragma GCC unroll 16
    for (int i = 0; i < kLine; i++) r[i] = load(x + i * sx);
#pragma GCC unroll 4
    for (int k = 0; k < kLine; k += W) transpose_block(r + k);
#pragma GCC unroll 16
    for (int j = 0; j < W; j++)
#pragma GCC unroll 4
      for (int k = 0; k < kLine; k += W) sink.put(y + j * sy + k, r[k + j], W);
    return;
  }
  for (int64_t k = 0; k < n; k += W) {
    for (int i = 0; i < W; i++) r[i] = k + i < n ? get(x + (k + i) * sx, m) : V{};
    transpose_block(r);
    for (int j = 0; j < W && j < m; j++) put(y + j * sy + k, r[j], n - k);
  }
}

constexpr int64_t kBand = 64, kStripe = 256;

/** Transposes an n x m piece of x; see the top of the file. */
void transpose_piece(const float* x, int64_t sx, float* y, int64_t sy, int64_t n, int64_t m, Sink sink) {
  const int64_t lines = (m + kLine - 1) / kLine;  // in a row of a band
  for (int64_t band = 0; band < n; band += kBand) {
    const int64_t stop = band + kBand < n ? band + kBand : n, rows = n - stop < kBand ? n - stop : kBand;
    const float* row = x + stop * sx;  // of the next band, as far as it has been prefetched
    int64_t line = 0, rest = rows * lines;
    for (int64_t j = 0; j < m; j += W)
      for (int64_t i = band; i < stop; i += kLine) {
        tile(x + i * sx + j, sx, y + j * sy + i, sy, stop - i, m - j, sink);
        for (int p = 0; p < W && rest > 0; p++, rest--) {
          __builtin_prefetch(row + line * kLine, 0, 2);
          if (++line == lines) line = 0, row += sx;
        }
      }
  }
}

/** The last axis stays: runs are copied in the order of x, which is then read as one stream. p: x's axes, from y. */
void copy_runs(const Plan& p, const float* x, float* y, int64_t size, Sink sink) {
  constexpr int64_t kPiece = 1 << 13;
  const int64_t n = p.dim[p.rank - 1], pieces = (n + kPiece - 1) / kPiece;
  parallel(size / n * pieces, pieces > 1 ? 1 : 1 + kPiece / n, [&](int64_t i, int64_t end, int) {
    for (; i < end; i++) {
      const int64_t run = i / pieces, begin = i % pieces * kPiece, count = n - begin < kPiece ? n - begin : kPiece;
      sink.copy(y + offsets(p, -1, run).from + begin, x + run * n + begin, count);
    }
    sink.done();
  });
}

const char* permute(const Tensor& x, const Tensor& y, const double* axes, bool inverse) {
  const Plan p = plan_of(x, axes, inverse);
  const int last = p.rank - 1;
  const float* from = x.f();
  float* to = y.f();
  const int64_t n = p.dim[last], size = x.size();
  const Sink sink(to, size, n);
  if (p.from[last] == 1) {
    copy_runs(plan_of(y, axes, !inverse), from, to, size, sink);
    return nullptr;
  }
  int along = last;  // the axis of y that is x's innermost
  for (int d = 0; d < last; d++)
    if (p.from[d] == 1) along = d;
  constexpr int64_t kRows = 8 * kBand;
  const int64_t m = p.dim[along], blocks = (n + kRows - 1) / kRows, stripes = (m + kStripe - 1) / kStripe;
  const int64_t area = (n < kRows ? n : kRows) * (m < kStripe ? m : kStripe);
  parallel(size / (n * m) * blocks * stripes, 1 + kRows * kStripe / 8 / area, [&](int64_t k, int64_t end, int) {
    for (; k < end; k++) {
      const int64_t j = k % stripes * kStripe, i = k / stripes % blocks * kRows;
      const Offsets o = offsets(p, along, k / stripes / blocks);
      transpose_piece(from + o.from + i * p.from[last] + j, p.from[last], to + o.to + j * p.to[along] + i, p.to[along],
                      n - i < kRows ? n - i : kRows, m - j < kStripe ? m - j : kStripe, sink);
    }
    sink.done();
  });
  return nullptr;
}

const char* forward(const Call& c) { return permute(c.in[0], c.out[0], c.attr, false); }
const char* backward(const Call& c) { return permute(c.gout[0], c.gin[0], c.attr, true); }

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("permute", "forward", longconv::forward)
LONGCONV_KERNEL("permute", "backward", longconv::backward)
