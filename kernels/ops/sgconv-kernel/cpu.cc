// SGConv's multi-scale kernel (op.ts). Bandwidth bound: 4 C H (n d + L) bytes forward and backward.
//
// Strategy: with half-pixel centres the targets of scale s fall in segments: s/2 taps hold w[0], then for each a
// s taps run linearly from w[a] to w[a+1] (fractions (j + 1/2)/s), and s/2 taps hold w[d-1]. A segment is a constant
// or a ramp, written by vectors; the transposed sums of the backward pass are two dot products per segment. A row of
// (c, h) is one unit of work; all scales of a row are made while it is in cache.
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
  float weight(int64_t i, int64_t row, const float* norm) const {
    int64_t h = row % H;
    double mu = learnable ? 1 : H > 1 ? decay_min + (decay_max - decay_min) * double(h) / double(H - 1) : decay_min;
    return float(pow(mu, double(scales - 1 - i)) / double(norm[row]));
  }
};

static Plan plan(const Call& c, const Tensor& w, const Tensor& k) {
  return {w.dim[0], w.dim[1],       w.dim[2],       w.dim[3], k.dim[2],
          c.attr[0] != 0, c.attr[1] != 0, c.attr[2] != 0, c.attr[3], c.attr[4], int64_t(c.attr[5])};
}

/** 0, 1, ..., W-1. */
static inline V iota() {
  float t[W];
  for (int i = 0; i < W; i++) t[i] = float(i);
  return load(t);
}

/** k[j] (+)= from + (to - from)(first + j)/s for j in [0, n). */
template <bool Add>
static void ramp(float* k, int64_t n, float from, float to, float first, float inverse_s) {
  const float slope = (to - from) * inverse_s, start = fmaf(slope, first, from);
  int64_t j = 0;
  if (n >= W) {
    const V steps = iota() * splat(slope) + splat(start);
    for (; j + W <= n; j += W) {
      V x = steps + splat(slope * float(j));
      store(k + j, Add ? load(k + j) + x : x);
    }
  }
  for (; j < n; j++) {
    float x = start + slope * float(j);
    k[j] = Add ? k[j] + x : x;
  }
}

/** One upsampled scale of `length` taps at most, times `weight`. */
template <bool Add>
static void upsample(float* k, int64_t length, const float* w, int64_t d, int64_t s, bool nearest, float weight) {
  const float inv = 1.0f / float(s);
  if (nearest || s == 1) {
    for (int64_t a = 0; a < d && a * s < length; a++) {
      int64_t n = length - a * s < s ? length - a * s : s;
      ramp<Add>(k + a * s, n, w[a] * weight, w[a] * weight, 0, inv);
    }
    return;
  }
  const int64_t half = s / 2;
  ramp<Add>(k, half < length ? half : length, w[0] * weight, w[0] * weight, 0, inv);
  for (int64_t a = 0; a < d; a++) {
    const int64_t at = half + a * s, want = a + 1 < d ? s : half;
    if (at >= length) return;
    const float from = w[a] * weight, to = w[a + 1 < d ? a + 1 : a] * weight;
    ramp<Add>(k + at, length - at < want ? length - at : want, from, to, 0.5f, inv);
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
  parallel(p.C * p.H, 1, [=](int64_t row, int64_t end, int) {
    for (; row < end; row++) {
      float* k = out + row * p.L;
      const int64_t full = p.full(), made = full < p.L ? full : p.L;
      for (int64_t l = p.sum ? 0 : made; l < p.L; l++) k[l] = 0;
      for (int64_t i = 0; i < p.scales; i++) {
        const int64_t s = p.factor(i), at = p.offset(i);
        if (at >= made) break;
        const int64_t n = p.d * s < made - at ? p.d * s : made - at;
        const float* wi = w + (i * p.C * p.H + row) * p.d;
        const float weight = p.weight(i, row, norm);
        if (p.sum) upsample<true>(k + at, n, wi, p.d, s, p.nearest, weight);
        else upsample<false>(k + at, n, wi, p.d, s, p.nearest, weight);
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
    V tv = V{}, uv = V{};
    const V at = iota() + splat(first);
    for (; j + W <= n; j += W) {
      V x = load(g + j);
      tv += x;
      uv = fma(x, at + splat(float(j)), uv);
    }
    t = hsum(tv), u = hsum(uv);
  }
  for (; j < n; j++) t += g[j], u += g[j] * (first + float(j));
  total = t, weighted = u;
}

/** Transpose of `upsample`: gw[0..d) from `length` upstream taps. */
static void downsample(const float* g, int64_t length, float* gw, int64_t d, int64_t s, bool nearest, float weight) {
  const float inv = 1.0f / float(s);
  for (int64_t a = 0; a < d; a++) gw[a] = 0;
  float t, u;
  if (nearest || s == 1) {
    for (int64_t a = 0; a < d && a * s < length; a++) {
      moments(g + a * s, length - a * s < s ? length - a * s : s, 0, t, u);
      gw[a] = weight * t;
    }
    return;
  }
  const int64_t half = s / 2;
  moments(g, half < length ? half : length, 0, t, u);
  gw[0] = weight * t;
  for (int64_t a = 0; a < d; a++) {
    const int64_t at = half + a * s, want = a + 1 < d ? s : half;
    if (at >= length) return;
    moments(g + at, length - at < want ? length - at : want, 0.5f, t, u);
    if (a + 1 < d) {
      gw[a] += weight * (t - u * inv);
      gw[a + 1] += weight * (u * inv);
    } else {
      gw[a] += weight * t;
    }
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
  parallel(p.C * p.H, 1, [&](int64_t row, int64_t end, int thread) {
    for (; row < end; row++) {
      const float* upstream = g.f() + row * p.L;
      const int64_t full = gw ? p.full() : p.L, made = full < p.L ? full : p.L;
      if (p.learnable) {
        float* scaled = static_cast<float*>(scratch(thread, 3, size_t(made) * 4));
        row_decay[row] = decayed(upstream, k + row * p.L, log_l, decay[row % p.H], made, scaled);
        upstream = scaled;
      }
      if (!gw) continue;
      for (int64_t i = 0; i < p.scales; i++) {
        const int64_t s = p.factor(i), at = p.offset(i);
        const int64_t left = at < made ? made - at : 0, n = p.d * s < left ? p.d * s : left;
        float* out = gw.f() + (i * p.C * p.H + row) * p.d;
        downsample(upstream + at, n, out, p.d, s, p.nearest, p.weight(i, row, norm));
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
