// Long Conv's kernel regulariser (op.ts): smooth, squash, drop taps. Bandwidth bound: 8 bytes a tap forward, 12 back.
//
// Strategy: one pass over spans of a row. A span and its halo are copied between zeros into a buffer that stays in L1;
// the moving average is then a sum of shifted loads (windows up to 33) or a difference of float64 prefix sums (wider
// ones, whose cost does not depend on the window); squash and mask follow in registers. The backward pass applies the
// mask (k != 0) while it fills the buffer and then smooths: the smoother is symmetric.
// attr: lambda, window, threshold, 1/(1-p), key (2 words), first block (low, high word).
#include "kernel.h"
#include "philox.h"
#include "simd.h"

namespace longconv {
namespace {

constexpr int64_t kSpan = 4096;
constexpr int64_t kDirect = 33;

struct Regulariser {
  float lambda, keep;
  int64_t window;
  uint32_t threshold, key[2];
  uint64_t start;
};
static Regulariser regulariser(const Call& c) {
  return {float(c.attr[0]),
          float(c.attr[3]),
          int64_t(c.attr[1]),
          uint32_t(c.attr[2]),
          {uint32_t(c.attr[4]), uint32_t(c.attr[5])},
          uint64_t(c.attr[6]) + (uint64_t(c.attr[7]) << 32)};
}

/** Moving average of n taps, x[0] being the first tap of the first window. */
static void smooth(const float* x, int64_t n, int64_t window, float* y, double* prefix) {
  const float inv = 1.0f / float(window);
  if (window <= kDirect) {
    for (int64_t j = 0; j < n; j += W) {
      V sum = load(x + j);  // the buffer is padded by a vector
      for (int64_t i = 1; i < window; i++) sum += load(x + j + i);
      store(y + j, sum * splat(inv));
    }
    return;
  }
  prefix[0] = 0;
  for (int64_t j = 0; j < n + window - 1; j++) prefix[j + 1] = prefix[j] + double(x[j]);
  for (int64_t j = 0; j < n; j++) y[j] = float((prefix[j + window] - prefix[j]) / double(window));
}

/** sign(x) max(|x| - lambda, 0) */
LC_INLINE V squash(V x, V lambda) { return copysign(vmax(vabs(x) - lambda, V{}), x); }

struct Buffers {
  float *x, *y;
  double* prefix;
  uint32_t* words;
};
static Buffers buffers(int thread, int64_t window) {
  return {static_cast<float*>(scratch(thread, 0, size_t(kSpan + window + W) * 4)),
          static_cast<float*>(scratch(thread, 1, size_t(kSpan + W) * 4)),
          static_cast<double*>(scratch(thread, 2, window > kDirect ? size_t(kSpan + window) * 8 : 8)),
          static_cast<uint32_t*>(scratch(thread, 3, size_t(kSpan + 6 * W) * 4))};
}

/** Runs work(row, from, n, thread) over spans of all rows. */
template <class F>
static void each_span(int64_t rows, int64_t L, F&& work) {
  const int64_t spans = (L + kSpan - 1) / kSpan;
  parallel(rows * spans, 4, [&](int64_t task, int64_t end, int thread) {
    for (; task < end; task++) {
      const int64_t from = task % spans * kSpan;
      work(task / spans, from, L - from < kSpan ? L - from : kSpan, thread);
    }
  });
}

/** x[i] = value(from - p + i) inside the row, 0 outside, for n + window - 1 taps and a vector of zeros. */
template <class F>
LC_INLINE void fill_padded(float* x, int64_t from, int64_t n, int64_t L, int64_t window, F&& value) {
  const int64_t first = from - window / 2, count = n + window - 1;
  int64_t i = 0;
  for (; i < count && first + i < 0; i++) x[i] = 0;
  const int64_t inside = L - first < count ? L - first : count;
  for (; i < inside; i++) x[i] = value(first + i);
  for (; i < count + W; i++) x[i] = 0;
}

/** Zeroes the dropped ones of the n taps from tap m on, and scales the others. */
static void drop(const Regulariser& r, float* k, int64_t m, int64_t n, uint32_t* words) {
  const int64_t skip = m % 4, count = n + skip;
  for (int64_t i = 0; i < count; i += 4 * W) {
    VW some[4];
    philox_words(r.start + uint64_t((m + i) / 4), r.key[0], r.key[1], some);
    for (int j = 0; j < 4; j++)
      *reinterpret_cast<VIu*>(words + i + j * W) = (VI)some[j];
  }
  const VW limit = VW{} + r.threshold;
  const V keep = splat(r.keep);
  for (int64_t j = 0; j < n; j += W) {
    const VW word = (VW)loadi(reinterpret_cast<const int32_t*>(words + skip + j));
    const VI kept = (VI)(word >= limit);
    if (j + W <= n) store(k + j, as_float(as_int(load(k + j) * keep) & kept));
    else store_part(k + j, as_float(as_int(load_part(k + j, int(n - j)) * keep) & kept), int(n - j));
  }
}

const char* forward(const Call& c) {
  const Regulariser r = regulariser(c);
  const Tensor& K = c.in[0];
  const int64_t L = K.dim[2];
  float* out = c.out[0].f();
  each_span(K.span(0, 2), L, [&](int64_t row, int64_t from, int64_t n, int thread) {
    const Buffers b = buffers(thread, r.window);
    const float* source = K.f() + row * L;
    float* k = out + row * L + from;
    const float* s = source + from;
    if (r.window > 1) {
      fill_padded(b.x, from, n, L, r.window, [source](int64_t j) { return source[j]; });
      smooth(b.x, n, r.window, b.y, b.prefix);
      s = b.y;
    }
    const V lambda = splat(r.lambda);
    int64_t j = 0;
    for (; j + W <= n; j += W) store(k + j, squash(load(s + j), lambda));
    if (j < n) store_part(k + j, squash(load_part(s + j, int(n - j)), lambda), int(n - j));
    if (r.threshold > 0) drop(r, k, row * L + from, n, b.words);
  });
  return nullptr;
}

const char* backward(const Call& c) {
  const Regulariser r = regulariser(c);
  const Tensor& G = c.gout[0];
  const int64_t L = G.dim[2];
  const float* made = c.out[0].f();
  each_span(G.span(0, 2), L, [&](int64_t row, int64_t from, int64_t n, int thread) {
    const Buffers b = buffers(thread, r.window);
    const float *g = G.f() + row * L, *k = made + row * L;
    float* out = c.gin[0].f() + row * L + from;
    const float keep = r.keep;
    fill_padded(b.x, from, n, L, r.window, [g, k, keep](int64_t j) { return k[j] != 0 ? g[j] * keep : 0; });
    const float* s = b.x;
    if (r.window > 1) smooth(b.x, n, r.window, b.y, b.prefix), s = b.y;
    for (int64_t j = 0; j < n; j++) out[j] = s[j];
  });
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("longconv-kernel", "forward", longconv::forward)
LONGCONV_KERNEL("longconv-kernel", "backward", longconv::backward)
