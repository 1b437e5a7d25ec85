// Normalisation with scalar shift and scale over x (outer, n, inner). Memory bound: 8 bytes an element forward, 12
// backward. A unit of work is one set of n values (inner = 1) or kLanes neighbouring sets, which are read from memory
// once and again from cache. dm and ds: per-unit sums, joined in float64. attr: axis.
#include "kernel.h"
#include "rows.h"
#include "simd.h"

namespace longconv {
namespace {

constexpr int64_t kLanes = 64;

struct Layout {
  int64_t outer, n, inner, blocks, units;
  Layout(const Call& c, const Tensor& x) {
    const int axis = int(c.attr[0]);
    outer = x.span(0, axis), n = x.dim[axis], inner = x.span(axis + 1, x.rank);
    blocks = (inner + kLanes - 1) / kLanes;
    units = outer * blocks;
  }
  int64_t begin(int64_t unit) const { return unit / blocks * n * inner + unit % blocks * kLanes; }
  int64_t lanes(int64_t unit) const {
    const int64_t left = inner - unit % blocks * kLanes;
    return left < kLanes ? left : kLanes;
  }
};

/** Mean and 1 / std of one set of contiguous values; 0 where all are equal. */
LC_INLINE float row_statistics(const float* x, int64_t n, float& mean) {
  V sum = V{}, square = V{};
  for (int64_t i = 0; i < n; i += W) sum += get(x + i, n - i);
  const float rough = hsum(sum) / float(n);
  V rest = V{};
  for (int64_t i = 0; i < n; i += W) {
    const V d = first(get(x + i, n - i) - splat(rough), n - i);
    rest += d, square = fma(d, d, square);
  }
  const float r = hsum(rest) / float(n), var = hsum(square) / float(n) - r * r;
  mean = rough + r;
  bool same = true;
  for (int64_t i = 1; i < n && same; i++) same = x[i] == x[0];
  return same || !(var > 0) ? 0 : 1 / __builtin_sqrtf(var);
}

/** The same for W neighbouring sets. */
LC_INLINE V lane_statistics(const float* x, int64_t n, int64_t inner, int64_t left, V& mean) {
  const V share = splat(1 / float(n)), start = get(x, left);
  V sum = V{}, square = V{}, rest = V{};
  VI differ = VI{};
  for (int64_t i = 0; i < n; i++) {
    const V v = get(x + i * inner, left);
    sum += v;
    differ |= v != start;
  }
  const V rough = sum * share;
  for (int64_t i = 0; i < n; i++) {
    const V d = get(x + i * inner, left) - rough;
    rest += d, square = fma(d, d, square);
  }
  const V r = rest * share;
  V var = square * share - r * r;
  mean = rough + r;
  const VI good = differ & (var > V{});
  var = good ? var : splat(1);
  for (int l = 0; l < W; l++) var[l] = 1 / __builtin_sqrtf(var[l]);
  return good ? var : V{};
}

const char* forward(const Call& c) {
  const Layout a(c, c.in[0]);
  const float *x = c.in[0].f(), m = c.in[1].f()[0], s = c.in[2].f()[0];
  float* y = c.out[0].f();
  parallel(a.units, 1 + 4096 / (a.n * (a.inner < kLanes ? a.inner : kLanes)), [&](int64_t u, int64_t end, int) {
    for (; u < end; u++) {
      const float* in = x + a.begin(u);
      float* out = y + a.begin(u);
      if (a.inner == 1) {
        float mean;
        const float r = row_statistics(in, a.n, mean);
        const V scale = splat(s * r), shift = splat(m);
        for (int64_t i = 0; i < a.n; i += W)
          put(out + i, scale * (get(in + i, a.n - i) - splat(mean) + shift), a.n - i);
        continue;
      }
      for (int64_t l = 0, lanes = a.lanes(u); l < lanes; l += W) {
        V mean;
        const V scale = lane_statistics(in + l, a.n, a.inner, lanes - l, mean) * splat(s);
        for (int64_t i = 0; i < a.n; i++) {
          const int64_t at = i * a.inner + l;
          put(out + at, scale * (get(in + at, lanes - l) - mean + splat(m)), lanes - l);
        }
      }
    }
  });
  return nullptr;
}

const char* backward(const Call& c) {
  const Layout a(c, c.in[0]);
  const float *x = c.in[0].f(), *g = c.gout[0].f(), m = c.in[1].f()[0], s = c.in[2].f()[0];
  float* dx = c.gin[0].f();
  double* partial = static_cast<double*>(scratch(0, 15, 2 * (a.units + 1) * sizeof(double)));
  parallel(a.units, 1 + 4096 / (a.n * (a.inner < kLanes ? a.inner : kLanes)), [&](int64_t u, int64_t end, int) {
    for (; u < end; u++) {
      const float *in = x + a.begin(u), *up = g + a.begin(u);
      float* to = dx ? dx + a.begin(u) : nullptr;
      double dm = 0, ds = 0;
      const V share = splat(1 / float(a.n));
      if (a.inner == 1) {
        float mean;
        const float r = row_statistics(in, a.n, mean);
        V total = V{}, along = V{};
        for (int64_t i = 0; i < a.n; i += W) {
          const V v = get(up + i, a.n - i);
          total += v, along = fma(v, get(in + i, a.n - i) - splat(mean), along);
        }
        const float sum = hsum(total), slope = (hsum(along) + m * sum) * r;
        dm = s * r * sum, ds = slope;
        for (int64_t i = 0; to && i < a.n; i += W) {
          const V hat = (get(in + i, a.n - i) - splat(mean)) * splat(r);
          put(to + i, splat(s * r) * (get(up + i, a.n - i) - splat(sum) * share - hat * splat(slope) * share), a.n - i);
        }
      } else {
        for (int64_t l = 0, lanes = a.lanes(u); l < lanes; l += W) {
          const int64_t left = lanes - l;
          V mean, total = V{}, along = V{};
          const V r = lane_statistics(in + l, a.n, a.inner, left, mean);
          for (int64_t i = 0; i < a.n; i++) {
            const V v = get(up + i * a.inner + l, left);
            total += v, along = fma(v, get(in + i * a.inner + l, left) - mean, along);
          }
          const V slope = (along + splat(m) * total) * r;
          dm += double(hsum(first(splat(s) * r * total, left))), ds += double(hsum(first(slope, left)));
          for (int64_t i = 0; to && i < a.n; i++) {
            const int64_t at = i * a.inner + l;
            const V hat = (get(in + at, left) - mean) * r;
            put(to + at, splat(s) * r * (get(up + at, left) - total * share - hat * slope * share), left);
          }
        }
      }
      partial[2 * u] = dm, partial[2 * u + 1] = ds;
    }
  });
  double dm = 0, ds = 0;
  for (int64_t u = 0; u < a.units; u++) dm += partial[2 * u], ds += partial[2 * u + 1];
  if (c.gin[1]) c.gin[1].f()[0] = float(dm);
  if (c.gin[2]) c.gin[2].f()[0] = float(ds);
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("scalar-norm", "forward", longconv::forward)
LONGCONV_KERNEL("scalar-norm", "backward", longconv::backward)
