// y = x keep / (1 - p), the mask drawn from the Philox stream as it is used: no memory traffic but x and y, 8 bytes an
// element. With tied axes the (small) mask is drawn once and broadcast. The backward pass is the same function of g.
// attr: threshold, 1 / (1 - p), key (2 words), first block (low word, high word), tied axes.
#include "broadcast.h"
#include "kernel.h"
#include "philox.h"
#include "rows.h"
#include "simd.h"

namespace longconv {
namespace {

struct Mask {
  uint32_t threshold, key0, key1;
  uint64_t start;
  float scale;

  explicit Mask(const double* a)
      : threshold(uint32_t(a[0])), key0(uint32_t(a[2])), key1(uint32_t(a[3])),
        start(uint64_t(a[4]) + (uint64_t(a[5]) << 32)), scale(float(a[1])) {}

  /** y[i] = x[i] (1 when x is null) times the mask, for mask elements [i, end); i a multiple of 4 W. */
  void apply(const float* x, float* y, int64_t i, int64_t end, Sink sink) const {
    const VW limit = VW{} + threshold;
    const V factor = splat(scale);
    for (; i < end; i += 4 * W) {
      VW words[4];
      philox_words(start + uint64_t(i) / 4, key0, key1, words);
      for (int k = 0; k < 4; k++) {
        const int64_t at = i + k * W, left = end - at;
        if (left <= 0) break;
        const V v = x ? get(x + at, left) * factor : factor;
        sink.put(y + at, as_float(as_int(v) & (VI)(words[k] >= limit)), left);
      }
    }
  }
};

const char* run(const Call& c, const Tensor& from, const Tensor& to) {
  const Mask mask(c.attr);
  const float* x = from.f();
  float* y = to.f();
  if (c.nattr == 6) {
    const Sink sink(y, from.size());
    parallel(from.size(), 1 << 13, [=](int64_t i, int64_t end, int) {
      mask.apply(x, y, i, end, sink);
      sink.done();
    });
    return nullptr;
  }
  Tensor shape = from;
  for (int k = 6; k < c.nattr; k++) shape.dim[int(c.attr[k])] = 1;
  float* factors = static_cast<float*>(scratch(0, 15, (shape.size() + 1) * sizeof(float)));
  parallel(shape.size(), 1 << 13, [=](int64_t i, int64_t end, int) { mask.apply(nullptr, factors, i, end, Sink(factors, 0)); });
  const Broadcast g = broadcast(from, from, shape);
  const int64_t inner = g.inner();
  const bool along = g.step(1) != 0;
  const Sink sink(y, from.size(), inner);
  parallel_pieces(g.outer(), inner, [&](int64_t row, int64_t begin, int64_t n, int) {
    const float *in = x + row * inner + begin, *f = factors + g.offset(1, row) + (along ? begin : 0);
    float* out = y + row * inner + begin;
    const V same = splat(*f);
    for_vectors(n, [=](int64_t i, int64_t left) LC_LOOP {
      sink.put(out + i, get(in + i, left) * (along ? get(f + i, left) : same), left);
    });
  });
  return nullptr;
}

const char* forward(const Call& c) { return run(c, c.in[0], c.out[0]); }
const char* backward(const Call& c) { return run(c, c.gout[0], c.gin[0]); }

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("dropout", "forward", longconv::forward)
LONGCONV_KERNEL("dropout", "backward", longconv::backward)
