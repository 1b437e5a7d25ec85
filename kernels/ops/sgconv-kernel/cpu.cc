// SGConv's multi-scale kernel (op.ts). Bandwidth bound: 4 C H (n d + L) bytes forward and backward.
//
// Strategy: with half-pixel centres, tap t of a scale s lies at u = t + s/2 on the line through v = (w[0], w[0], w[1], ...,
// w[d-1], w[d-1]): value v[a] + (v[a+1] - v[a]) f, a = floor(u/s), f = (u mod s + 1/2)/s. For s up to a vector, lanes pick
// their two weights by a permutation that is the same for the whole scale; for longer s a segment is a ramp. The backward
// pass takes two moments of each segment. A row of (c, h) is one unit of work; all its scales are made while it is in
// cache.
// attr: sum, learnable, nearest, decayMin, decayMax, octaves.
#include <math.h>

#include "kernel.h"
#include "simd-math.h"

namespace longconv {
namespace {

struct Plan {
  int64_t scales, C, H, d, L;
  bool sum, learnable, nearest;
  double decay_min, decay_max;
  int64_t octaves;
  int64_t factor(int64_t i) const { return int64_t(1) << ((sum ? i : i > 0 ? i - 1 : 0) + octaves); }
  int64_t full() const { return d << (scales - 1 + octaves); }
  int64_t offset(int64_t i) const { return sum || i == 0 ? 0 : d * factor(i); }
  /** Rows handed out together. */
  int64_t grain() const { return 1 + 8192 / L; }
  /** Factor of every scale in a row. */
  void weights(int64_t row, const float* norm, float* out) const {
    const int64_t h = row % H;
    const double mu = learnable ? 1 : H > 1 ? decay_min + (decay_max - decay_min) * double(h) / double(H - 1) : decay_min;
    double w = 1 / double(norm[row]);
    for (int64_t i = scales - 1; i >= 0; i--, w *= mu) out[i] = float(w);
  }
};
constexpr int64_t kMaxScales = 48;

static Plan plan(const Call& c, const Tensor& w, const Tensor& k) {
  return {w.dim[0], w.dim[1],       w.dim[2],       w.dim[3], k.dim[2],
          c.attr[0] != 0, c.attr[1] != 0, c.attr[2] != 0, c.attr[3], c.attr[4], int64_t(c.attr[5])};
}

LC_INLINE VI iota() {
  VI t = VI{};
  for (int i = 0; i < W; i++) t[i] = i;
  return t;
}
LC_INLINE V to_float(VI a) { return __builtin_convertvector(a, V); }
LC_INLINE V permute(V a, VI lanes) {
#if defined(__clang__)
  V r = V{};
  for (int i = 0; i < W; i++) r[i] = a[lanes[i]];
  return r;
#else
  return __builtin_shuffle(a, lanes);
#endif
}

template <bool Add>
LC_INLINE void put(float* k, V x, int64_t left) {
  if (left >= W) store(k, Add ? load(k) + x : x);
  else store_part(k, Add ? load_part(k, int(left)) + x : x, int(left));
}

/** k[j] (+)= start + slope j for j in [0, n). */
template <bool Add>
static void ramp(float* k, int64_t n, float start, float slope) {
  V x = to_float(iota()) * splat(slope) + splat(start);
  for (int64_t j = 0; j < n; j += W) put<Add>(k + j, fma(splat(slope), splat(float(j)), x), n - j);
}

/**
 * One upsampled scale, at most `length` taps. v: the weights times their factor between copies of the first and last, and
 * readable W further; for `nearest` without the first copy.
 */
template <bool Add>
static void upsample(float* k, int64_t length, const float* v, int64_t s, bool nearest) {
  const int64_t shift = nearest || s == 1 ? 0 : s / 2;
  const float inv = shift ? 1.0f / float(s) : 0;  // a slope of zero makes steps
  if (s <= W) {
    const VI u = iota() + splati(int32_t(shift));
    int bits = 0;
    while ((1 << bits) < s) bits++;
    const VI lanes = u >> splati(bits);
    const V f = (to_float(u & splati(int32_t(s - 1))) + splat(0.5f)) * splat(inv);
    for (int64_t t = 0; t < length; t += W) {
      const V a = permute(load(v + (t >> bits)), lanes), b = permute(load(v + (t >> bits) + 1), lanes);
      put<Add>(k + t, fma(b - a, f, a), length - t);
    }
    return;
  }
  for (int64_t t = 0, a = 0; t < length; a++) {
    const int64_t first = t == 0 ? shift : 0, n = s - first < length - t ? s - first : length - t;
    const float slope = (v[a + 1] - v[a]) * inv;
    ramp<Add>(k + t, n, v[a] + slope * (float(first) + 0.5f), slope);
    t += n;
  }
}

/** log(l + 1) for l < L, in a buffer that lives as long as the call. */
static const float* logarithms(int64_t L) {
  float* log_l = static_cast<float*>(scratch(0, 1, size_t(L) * 4));
  parallel(L, 4096, [=](int64_t l, int64_t end, int) {
    for (; l < end; l++) log_l[l] = float(log(double(l + 1)));
  });
  return log_l;
}

const char* forward(const Call& c) {
  const Plan p = plan(c, c.in[0], c.out[0]);
  const float *w = c.in[0].f(), *norm = c.in[1].f(), *decay = c.in[2].f();
  float* out = c.out[0].f();
  const float* log_l = p.learnable ? logarithms(p.L) : nullptr;
  if (p.scales > kMaxScales) return "sgconv-kernel: more than 48 scales";
  parallel(p.C * p.H, p.grain(), [=](int64_t row, int64_t end, int thread) {
    float* v = static_cast<float*>(scratch(thread, 3, size_t(p.d + W + 2) * 4));
    for (; row < end; row++) {
      float* k = out + row * p.L;
      const int64_t full = p.full(), made = full < p.L ? full : p.L;
      for (int64_t l = p.sum ? 0 : made; l < p.L; l++) k[l] = 0;
      float factors[kMaxScales];
      p.weights(row, norm, factors);
      for (int64_t i = 0; i < p.scales; i++) {
        const int64_t s = p.factor(i), at = p.offset(i), lead = p.nearest || s == 1 ? 0 : 1;
        if (at >= made) break;
        const int64_t n = p.d * s < made - at ? p.d * s : made - at;
        const float* wi = w + (i * p.C * p.H + row) * p.d;
        for (int64_t a = 0; a < p.d; a++) v[lead + a] = wi[a] * factors[i];
        v[0] = wi[0] * factors[i];
        for (int64_t a = 0; a <= W; a++) v[lead + p.d + a] = v[lead + p.d - 1];
        if (p.sum) upsample<true>(k + at, n, v, s, p.nearest);
        else upsample<false>(k + at, n, v, s, p.nearest);
      }
      if (!p.learnable) continue;
      const V a = splat(-decay[row % p.H]);
      int64_t l = 0;
      for (; l + W <= made; l += W) store(k + l, load(k + l) * vexp(a * load(log_l + l)));
      if (l < made) {
        int n = int(made - l);
        store_part(k + l, load_part(k + l, n) * vexp(a * load_part(log_l + l, n)), n);
      }
    }
  });
  return nullptr;
}

/** sum g[j] and sum g[j] (first + j) over j in [0, n). */
static void moments(const float* g, int64_t n, float first, float& total, float& weighted) {
  float t = 0, u = 0;
  int64_t j = 0;
  if (n >= W) {
    V tv = V{}, uv = V{}, at = to_float(iota()) + splat(first);
    for (; j + W <= n; j += W, at += splat(W)) {
      V x = load(g + j);
      tv += x;
      uv = fma(x, at, uv);
    }
    t = hsum(tv), u = hsum(uv);
  }
  for (; j < n; j++) t += g[j], u += g[j] * (first + float(j));
  total = t, weighted = u;
}

/** Moments of a whole segment of s <= W taps. */
template <int S>
LC_INLINE void short_moments(const float* g, float& total, float& weighted) {
  total = weighted = 0;
  for (int j = 0; j < S; j++) total += g[j], weighted += g[j] * (float(j) + 0.5f);
}

/** Transpose of `upsample`: gv (gradient of v) from `length` upstream taps. gv is zero on entry. */
template <int S>
static void downsample(const float* g, int64_t length, float* gv, int64_t size, bool nearest) {
  const int64_t s = S ? S : size;
  const int64_t shift = nearest || s == 1 ? 0 : s / 2;
  const float inv = shift ? 1.0f / float(s) : 0;
  for (int64_t t = 0, a = 0; t < length; a++) {
    const int64_t first = t == 0 ? shift : 0, n = s - first < length - t ? s - first : length - t;
    float total, weighted;
    if (S && n == S) short_moments<S ? S : 1>(g + t, total, weighted);
    else moments(g + t, n, float(first) + 0.5f, total, weighted);
    gv[a] += total - weighted * inv;
    gv[a + 1] += weighted * inv;
    t += n;
  }
}

static void downsample(const float* g, int64_t length, float* gv, int64_t s, bool nearest) {
  switch (s) {
    case 1: return downsample<1>(g, length, gv, s, nearest);
    case 2: return downsample<2>(g, length, gv, s, nearest);
    case 4: return downsample<4>(g, length, gv, s, nearest);
    case 8: return downsample<8>(g, length, gv, s, nearest);
    default: return downsample<0>(g, length, gv, s, nearest);
  }
}

/** Gradients of a learnable row: upstream times (l+1)^{-a} into `scaled`; returns -sum log(l+1) k g. */
static double decayed(const float* g, const float* k, const float* log_l, float a, int64_t n, float* scaled) {
  double sum = 0;
  const V minus = splat(-a);
  for (int64_t l = 0; l < n; l += W) {
    const int part = n - l < W ? int(n - l) : W;
    const V gv = part == W ? load(g + l) : load_part(g + l, part);
    const V lv = part == W ? load(log_l + l) : load_part(log_l + l, part);
    const V kv = part == W ? load(k + l) : load_part(k + l, part);
    if (part == W) store(scaled + l, gv * vexp(minus * lv));
    else store_part(scaled + l, gv * vexp(minus * lv), part);
    sum -= double(hsum(lv * kv * gv));
  }
  return sum;
}

const char* backward(const Call& c) {
  const Tensor &gw = c.gin[0], &ga = c.gin[2], &g = c.gout[0];
  // w itself is not read: its shape is that of its gradient, or follows from the decay alone.
  Plan p = {};
  if (gw) p = plan(c, gw, g);
  else p.C = g.dim[0], p.H = g.dim[1], p.L = g.dim[2], p.learnable = true;
  const float *norm = c.in[1].f(), *decay = c.in[2].f(), *k = c.out[0].f();
  const float* log_l = p.learnable ? logarithms(p.L) : nullptr;
  double* row_decay = static_cast<double*>(scratch(0, 2, size_t(p.C * p.H) * 8));
  if (p.scales > kMaxScales) return "sgconv-kernel: more than 48 scales";
  parallel(p.C * p.H, p.grain(), [&](int64_t row, int64_t end, int thread) {
    for (; row < end; row++) {
      const float* upstream = g.f() + row * p.L;
      const int64_t full = gw ? p.full() : p.L, made = full < p.L ? full : p.L;
      if (p.learnable) {
        float* scaled = static_cast<float*>(scratch(thread, 3, size_t(made) * 4));
        row_decay[row] = decayed(upstream, k + row * p.L, log_l, decay[row % p.H], made, scaled);
        upstream = scaled;
      }
      if (!gw) continue;
      float factors[kMaxScales];
      p.weights(row, norm, factors);
      float* gv = static_cast<float*>(scratch(thread, 4, size_t(p.d + 2) * 4));
      for (int64_t i = 0; i < p.scales; i++) {
        const int64_t s = p.factor(i), at = p.offset(i), lead = p.nearest || s == 1 ? 0 : 1;
        const int64_t left = at < made ? made - at : 0, n = p.d * s < left ? p.d * s : left;
        for (int64_t a = 0; a < p.d + 2; a++) gv[a] = 0;
        downsample(upstream + at, n, gv, s, p.nearest);
        if (lead) gv[1] += gv[0], gv[p.d] += gv[p.d + 1];
        float* out = gw.f() + (i * p.C * p.H + row) * p.d;
        for (int64_t a = 0; a < p.d; a++) out[a] = gv[lead + a] * factors[i];
      }
    }
  });
  if (ga)
    for (int64_t h = 0; h < p.H; h++) {
      double sum = 0;
      for (int64_t ch = 0; ch < p.C; ch++) sum += row_decay[ch * p.H + h];
      ga.f()[h] = float(sum);
    }
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("sgconv-kernel", "forward", longconv::forward)
LONGCONV_KERNEL("sgconv-kernel", "backward", longconv::backward)
