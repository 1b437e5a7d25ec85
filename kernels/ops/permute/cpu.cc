// y = x with its axes in another order. Memory bound: 8 bytes an element.
//
// Axes that stay together are merged. If the last axis stays last, runs are copied. Otherwise the last axis of x and
// the last axis of y form a matrix that is transposed in W x W tiles in registers, in bands that stay in the caches.
// attr: the axes.
#include "kernel.h"
#include "simd.h"

namespace longconv {
namespace {

/** y's axes: size, and stride of each in x (and in y). Innermost of y last. */
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

#if defined(__GNUC__) && !defined(__clang__)
/** Transposes a W x W tile: log2 W rounds of exchanging blocks between rows. */
LC_INLINE void transpose_tile(const float* x, int64_t sx, float* y, int64_t sy) {
  V r[W];
  for (int i = 0; i < W; i++) r[i] = load(x + i * sx);
#pragma GCC unroll 4
  for (int s = 1; s < W; s *= 2) {
    VI low = VI{}, high = VI{};
    for (int l = 0; l < W; l++) low[l] = l & s ? l - s + W : l, high[l] = l & s ? l + W : l + s;
#pragma GCC unroll 16
    for (int i = 0; i < W; i++) {
      if (i & s) continue;
      const V a = r[i], b = r[i + s];
      r[i] = __builtin_shuffle(a, b, low);
      r[i + s] = __builtin_shuffle(a, b, high);
    }
  }
  for (int i = 0; i < W; i++) store(y + i * sy, r[i]);
}
#else
LC_INLINE void transpose_tile(const float* x, int64_t sx, float* y, int64_t sy) {
  for (int j = 0; j < W; j++)
    for (int i = 0; i < W; i++) y[j * sy + i] = x[i * sx + j];
}
#endif

/** y[j][i] = x[i][j] for i < n, j < m; rows of x are sx apart, rows of y sy. */
void transpose_block(const float* x, int64_t sx, float* y, int64_t sy, int64_t n, int64_t m) {
  int64_t j = 0;
  for (; j + W <= m; j += W) {
    int64_t i = 0;
    for (; i + W <= n; i += W) transpose_tile(x + i * sx + j, sx, y + j * sy + i, sy);
    for (; i < n; i++)
      for (int k = 0; k < W; k++) y[(j + k) * sy + i] = x[i * sx + j + k];
  }
  for (; j < m; j++)
    for (int64_t i = 0; i < n; i++) y[j * sy + i] = x[i * sx + j];
}

const char* permute(const Tensor& x, const Tensor& y, const double* axes, bool inverse) {
  const Plan p = plan_of(x, axes, inverse);
  const int last = p.rank - 1;
  const float* from = x.f();
  float* to = y.f();
  if (p.from[last] == 1) {  // runs
    const int64_t n = p.dim[last], rows = x.size() / n;
    constexpr int64_t kPiece = 1 << 13;
    const int64_t pieces = (n + kPiece - 1) / kPiece;
    parallel(rows * pieces, pieces > 1 ? 1 : 1 + kPiece / n, [&](int64_t i, int64_t end, int) {
      for (; i < end; i++) {
        const Offsets o = offsets(p, -1, i / pieces);
        const int64_t begin = i % pieces * kPiece, count = n - begin < kPiece ? n - begin : kPiece;
        __builtin_memcpy(to + o.to + begin, from + o.from + begin, count * sizeof(float));
      }
    });
    return nullptr;
  }
  int along = last;  // the axis of y that is x's innermost
  for (int d = 0; d < last; d++)
    if (p.from[d] == 1) along = d;
  const int64_t n = p.dim[last], m = p.dim[along], rest = x.size() / (n * m);
  constexpr int64_t kBand = 256, kWide = 64;  // a band of x is kBand x kWide
  const int64_t bands = (n + kBand - 1) / kBand, wides = (m + kWide - 1) / kWide;
  parallel(rest * bands * wides, 1, [&](int64_t k, int64_t end, int) {
    for (; k < end; k++) {
      const int64_t j = k % wides * kWide, i = k / wides % bands * kBand;
      const Offsets o = offsets(p, along, k / wides / bands);
      transpose_block(from + o.from + i * p.from[last] + j, p.from[last], to + o.to + j * p.to[along] + i, p.to[along],
                      n - i < kBand ? n - i : kBand, m - j < kWide ? m - j : kWide);
    }
  });
  return nullptr;
}

const char* forward(const Call& c) { return permute(c.in[0], c.out[0], c.attr, false); }
const char* backward(const Call& c) { return permute(c.gout[0], c.gin[0], c.attr, true); }

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("permute", "forward", longconv::forward)
LONGCONV_KERNEL("permute", "backward", longconv::backward)
