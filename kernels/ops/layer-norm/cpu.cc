// Layer normalisation over the last axis. Memory bound: x is read and y written once (8 bytes an element; backward
// reads x and g and writes dx, 12): mean and variance are further passes over a row that is in L1.
// dweight and dbias are summed over chunks of kChunk rows, then over the chunks in float64.
// attr: eps.
#include "kernel.h"
#include "reduce.h"
#include "rows.h"
#include "simd.h"

namespace longconv {
namespace {

/** From here on the last pass over a row prefetches the next one; shorter rows the hardware sees coming. */
constexpr int64_t kLong = 512;

LC_INLINE float mean_of(const float* x, int64_t H) {
  V sum[1];
  sum_vectors(H, sum, [&](int64_t i, int64_t n, V* s) LC_LOOP { s[0] += get(x + i, n); });
  return hsum(sum[0]) / float(H);
}
/** 1 / sqrt(var + eps) from the sums of deviations d and of d^2; `rest` becomes what rounding took from the mean. */
LC_INLINE float scale_of(V sum, V square, int64_t H, float eps, float& rest) {
  rest = hsum(sum) / float(H);
  return 1 / __builtin_sqrtf(hsum(square) / float(H) - rest * rest + eps);
}

const char* forward(const Call& c) {
  const Tensor& x = c.in[0];
  const int64_t H = x.dim[x.rank - 1], rows = H ? x.size() / H : 0;
  const float eps = float(c.attr[0]), *w = c.in[1].f(), *b = c.in[2].f();
  const Sink sink(c.out[0].f(), x.size(), H);
  parallel(rows, 1 + 8192 / (H + 1), [&](int64_t r, int64_t end, int) {
    for (; r < end; r++) {
      const float* in = x.f() + r * H;
      float* out = c.out[0].f() + r * H;
      const V mean = splat(mean_of(in, H));
      V sums[2];  // of d and d^2
      sum_vectors(H, sums, [&](int64_t i, int64_t n, V* s) LC_LOOP {
        const V d = first(get(in + i, n) - mean, n);
        s[0] += d, s[1] = fma(d, d, s[1]);
      });
      float left;
      const V scale = splat(scale_of(sums[0], sums[1], H, eps, left)), rest = splat(left);
      for_vectors(H, [&](int64_t i, int64_t n) LC_LOOP {
        V y = (get(in + i, n) - mean - rest) * scale;
        if (H >= kLong) __builtin_prefetch(in + H + i);
        if (w) y = y * get(w + i, n);
        if (b) y = y + get(b + i, n);
        sink.put(out + i, y, n);
      });
    }
    sink.done();
  });
  return nullptr;
}

/** Up to this many channels dx is a small rest of large terms (two channels: eps alone keeps it from zero). */
constexpr int64_t kNarrow = 8;
/** The gradients of a narrow row, in float64. */
void narrow_row(const float* x, const float* g, const float* w, int64_t H, double eps, float* dx, float* dw, float* db) {
  double mean = 0, square = 0, total = 0, along = 0;
  for (int64_t i = 0; i < H; i++) mean += double(x[i]) / double(H);
  for (int64_t i = 0; i < H; i++) {
    const double d = x[i] - mean, h = w ? double(g[i]) * w[i] : double(g[i]);
    square += d * d, total += h, along += h * d;
  }
  const double scale = 1 / __builtin_sqrt(square / double(H) + eps);
  for (int64_t i = 0; i < H; i++) {
    const double hat = (x[i] - mean) * scale, h = w ? double(g[i]) * w[i] : double(g[i]);
    if (dx) dx[i] = float(scale * (h - total / double(H) - hat * along * scale / double(H)));
    if (dw) dw[i] = float(dw[i] + g[i] * hat);
    if (db) db[i] += g[i];
  }
}

const char* backward(const Call& c) {
  const Tensor &x = c.in[0], &g = c.gout[0];
  const int64_t H = x.dim[x.rank - 1], rows = H ? x.size() / H : 0, chunks = (rows + kChunk - 1) / kChunk;
  const float eps = float(c.attr[0]), *w = c.in[1].f();
  float *dx = c.gin[0].f(), *dw = c.gin[1].f(), *db = c.gin[2].f();
  float* partial = static_cast<float*>(scratch(0, 15, (2 * chunks * H + 1) * sizeof(float)));
  float *parts_w = dw ? partial : nullptr, *parts_b = db ? partial + chunks * H : nullptr;
  const Sink sink(dx, x.size(), H);
  parallel(chunks, 1, [&](int64_t chunk, int64_t last, int) {
    for (; chunk < last; chunk++) {
      float *pw = parts_w ? parts_w + chunk * H : nullptr, *pb = parts_b ? parts_b + chunk * H : nullptr;
      for (int64_t h = 0; pw && h < H; h++) pw[h] = 0;
      for (int64_t h = 0; pb && h < H; h++) pb[h] = 0;
      const int64_t end = (chunk + 1) * kChunk < rows ? (chunk + 1) * kChunk : rows;
      for (int64_t r = chunk * kChunk; r < end; r++) {
        const float *in = x.f() + r * H, *up = g.f() + r * H;
        if (H <= kNarrow) {
          narrow_row(in, up, w, H, c.attr[0], dx ? dx + r * H : nullptr, pw, pb);
          continue;
        }
        const V mean = splat(mean_of(in, H));
        V sums[4];  // of d, d^2, h and h d
        sum_vectors(H, sums, [&](int64_t i, int64_t n, V* s) LC_LOOP {
          const V d = first(get(in + i, n) - mean, n);
          V h = get(up + i, n);
          if (w) h = h * get(w + i, n);
          s[0] += d, s[1] = fma(d, d, s[1]), s[2] += h, s[3] = fma(h, d, s[3]);
        });
        float left;
        const float scale = scale_of(sums[0], sums[1], H, eps, left), total = hsum(sums[2]);
        const V vs = splat(scale), vm = splat(total / float(H)), rest = splat(left);
        const V va = splat((hsum(sums[3]) - left * total) * scale / float(H));
        for_vectors(H, [&](int64_t i, int64_t n) LC_LOOP {
          if (H >= kLong) __builtin_prefetch(in + H + i), __builtin_prefetch(up + H + i);
          const V hat = (get(in + i, n) - mean - rest) * vs, raw = get(up + i, n);
          if (dx) sink.put(dx + r * H + i, vs * ((w ? raw * get(w + i, n) : raw) - vm - hat * va), n);
          if (pw) put(pw + i, fma(raw, hat, get(pw + i, n)), n);
          if (pb) put(pb + i, get(pb + i, n) + raw, n);
        });
      }
    }
    sink.done();
  });
  if (dw) join_chunks<SumOf>(parts_w, 1, chunks, H, dw, 1);
  if (db) join_chunks<SumOf>(parts_b, 1, chunks, H, db, 1);
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("layer-norm", "forward", longconv::forward)
LONGCONV_KERNEL("layer-norm", "backward", longconv::backward)
