// Normalisation with scalar shift and scale over x (outer, n, inner). Memory bound: 8 bytes an element forward, 12
// backward. A unit of work is one set of n values (inner = 1) or kLanes neighbouring sets, which are copied to a dense
// tile first: their rows are far apart, at a power of two often enough, and would not stay in the caches. dm and ds:
// per-unit sums, joined in float64. attr: axis.
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

/** Copies n rows of `lanes` values, `inner` apart, to rows of kLanes; the lanes behind them become zero. */
void gather_tile(const float* x, int64_t n, int64_t inner, int64_t lanes, float* tile) {
  for (int64_t i = 0; i < n; i++) {
    for (int64_t l = 0; l < lanes; l += 16) __builtin_prefetch(x + (i + 8) * inner + l);
    for_vectors(lanes, [=](int64_t l, int64_t left) LC_LOOP { store(tile + i * kLanes + l, get(x + i * inner + l, left)); });
  }
}

/** The statistics of W neighbouring sets of a tile. */
LC_INLINE V lane_statistics(const float* x, int64_t n, V& mean) {
  const V share = splat(1 / float(n)), start = load(x);
  V sum = V{}, square = V{}, rest = V{};
  VI differ = VI{};
  for (int64_t i = 0; i < n; i++) {
    const V v = load(x + i * kLanes);
    sum += v;
    differ |= v != start;
  }
  const V rough = sum * share;
  for (int64_t i = 0; i < n; i++) {
    const V d = load(x + i * kLanes) - rough;
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
  const Sink sink(y, c.out[0].size(), a.inner == 1 ? a.n : a.inner);
  parallel(a.units, 1 + 4096 / (a.n * (a.inner < kLanes ? a.inner : kLanes)), [&](int64_t u, int64_t end, int thread) {
    float* tile = static_cast<float*>(scratch(thread, 14, (a.inner == 1 ? 1 : a.n * kLanes) * sizeof(float)));
    for (; u < end; u++) {
      const float* in = x + a.begin(u);
      float* out = y + a.begin(u);
      if (a.inner == 1) {
        float mean;
        const float r = row_statistics(in, a.n, mean);
        const V scale = splat(s * r), shift = splat(m);
        for_vectors(a.n, [=](int64_t i, int64_t left) LC_LOOP {
          sink.put(out + i, scale * (get(in + i, left) - splat(mean) + shift), left);
        });
        continue;
      }
      const int64_t lanes = a.lanes(u);
      gather_tile(in, a.n, a.inner, lanes, tile);
      V means[kLanes / W], scales[kLanes / W];
      for (int64_t l = 0; l < lanes; l += W) scales[l / W] = lane_statistics(tile + l, a.n, means[l / W]) * splat(s);
      for (int64_t i = 0; i < a.n; i++)
        for (int64_t l = 0; l < lanes; l += W)
          sink.put(out + i * a.inner + l, scales[l / W] * (load(tile + i * kLanes + l) - means[l / W] + splat(m)),
                   lanes - l);
    }
    sink.done();
  });
  return nullptr;
}

// dx = scale (g - centre - (x - mean) slope) with per-set values: see op.ts.
const char* backward(const Call& c) {
  const Layout a(c, c.in[0]);
  const float *x = c.in[0].f(), *g = c.gout[0].f(), m = c.in[1].f()[0], s = c.in[2].f()[0];
  float* dx = c.gin[0].f();
  double* partial = static_cast<double*>(scratch(0, 15, 2 * (a.units + 1) * sizeof(double)));
  const Sink sink(dx, c.in[0].size(), a.inner == 1 ? a.n : a.inner);
  parallel(a.units, 1 + 4096 / (a.n * (a.inner < kLanes ? a.inner : kLanes)), [&](int64_t u, int64_t end, int thread) {
    float* tile = static_cast<float*>(scratch(thread, 14, (a.inner == 1 ? 1 : 2 * a.n * kLanes) * sizeof(float)));
    float* up_tile = tile + a.n * kLanes;
    const V share = splat(1 / float(a.n));
    for (; u < end; u++) {
      const float *in = x + a.begin(u), *up = g + a.begin(u);
      float* to = dx ? dx + a.begin(u) : nullptr;
      if (a.inner == 1) {
        float mean;
        const float r = row_statistics(in, a.n, mean);
        V sums[2];  // of g and g (x - mean)
        sum_vectors(a.n, sums, [=](int64_t i, int64_t left, V* t) LC_LOOP {
          const V v = get(up + i, left);
          t[0] += v, t[1] = fma(v, get(in + i, left) - splat(mean), t[1]);
        });
        const float sum = hsum(sums[0]), ds = (hsum(sums[1]) + m * sum) * r;
        partial[2 * u] = s * r * sum, partial[2 * u + 1] = ds;
        if (!to) continue;
        const V centre = splat(sum) * share, slope = splat(r * ds) * share, scale = splat(s * r);
        for_vectors(a.n, [=](int64_t i, int64_t left) LC_LOOP {
          sink.put(to + i, scale * (get(up + i, left) - centre - (get(in + i, left) - splat(mean)) * slope), left);
        });
        continue;
      }
      const int64_t lanes = a.lanes(u);
      gather_tile(in, a.n, a.inner, lanes, tile);
      gather_tile(up, a.n, a.inner, lanes, up_tile);
      V means[kLanes / W], scales[kLanes / W], centres[kLanes / W], slopes[kLanes / W];
      partial[2 * u] = partial[2 * u + 1] = 0;
      for (int64_t l = 0; l < lanes; l += W) {
        V mean, sum = V{}, along = V{};
        const V r = lane_statistics(tile + l, a.n, mean);
        for (int64_t i = 0; i < a.n; i++) {
          const V v = load(up_tile + i * kLanes + l);
          sum += v, along = fma(v, load(tile + i * kLanes + l) - mean, along);
        }
        const V ds = (along + splat(m) * sum) * r;
        partial[2 * u] += double(hsum(splat(s) * r * sum)), partial[2 * u + 1] += double(hsum(ds));
        means[l / W] = mean, scales[l / W] = splat(s) * r, centres[l / W] = sum * share, slopes[l / W] = r * ds * share;
      }
      for (int64_t i = 0; to && i < a.n; i++)
        for (int64_t l = 0; l < lanes; l += W) {
          const V d = load(tile + i * kLanes + l) - means[l / W], v = load(up_tile + i * kLanes + l) - centres[l / W];
          sink.put(to + i * a.inner + l, scales[l / W] * (v - d * slopes[l / W]), lanes - l);
        }
    }
    sink.done();
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
