// y = x keep / (1 - p), the mask drawn from the Philox stream as it is used: no memory traffic but x and y, 8 bytes an
// element. With tied axes the (small) mask is drawn once and broadcast. The backward pass is the same function of g.
// attr: threshold, 1 / (1 - p), key (2 words), first block (low word, high word), tied axes.
#include "broadcast.h"
#include "kernel.h"
#include "philox.h"
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
  void apply(const float* x, float* y, int64_t i, int64_t end) const {
    const VW limit = VW{} + threshold;
    const V factor = splat(scale);
    for (; i < end; i += 4 * W) {
      VW words[4];
      philox_words(start + uint64_t(i) / 4, key0, key1, words);
      for (int k = 0; k < 4; k++) {
        const int64_t at = i + k * W;
        const VI keep = (VI)(words[k] >= limit);
        if (at + W <= end) {
          store(y + at, as_float(as_int(x ? load(x + at) * factor : factor) & keep));
        } else if (at < end) {
          const int n = int(end - at);
          store_part(y + at, as_float(as_int(x ? load_part(x + at, n) * factor : factor) & keep), n);
        }
      }
    }
  }
};

const char* run(const Call& c, const Tensor& from, const Tensor& to) {
  const Mask mask(c.attr);
  const float* x = from.f();
  float* y = to.f();
  if (c.nattr == 6) {
    parallel(from.size(), 1 << 13, [=](int64_t i, int64_t end, int) { mask.apply(x, y, i, end); });
    return nullptr;
  }
  Tensor shape = from;
  for (int k = 6; k < c.nattr; k++) shape.dim[int(c.attr[k])] = 1;
  float* factors = static_cast<float*>(scratch(0, 15, (shape.size() + 1) * sizeof(float)));
  parallel(shape.size(), 1 << 13, [=](int64_t i, int64_t end, int) { mask.apply(nullptr, factors, i, end); });
  const Broadcast g = broadcast(from, from, shape);
  const int64_t inner = g.inner();
  const bool along = g.step(1) != 0;
  parallel_pieces(g.outer(), inner, [&](int64_t row, int64_t begin, int64_t n, int) {
    const float *in = x + row * inner + begin, *f = factors + g.offset(1, row) + (along ? begin : 0);
    float* out = y + row * inner + begin;
    const V same = splat(*f);
    int64_t i = 0;
    for (; i + W <= n; i += W) store(out + i, load(in + i) * (along ? load(f + i) : same));
    if (i < n) {
      const int m = int(n - i);
      store_part(out + i, load_part(in + i, m) * (along ? load_part(f + i, m) : same), m);
    }
  });
  return nullptr;
}

const char* forward(const Call& c) { return run(c, c.in[0], c.out[0]); }
const char* backward(const Call& c) { return run(c, c.gout[0], c.gin[0]); }

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("dropout", "forward", longconv::forward)
LONGCONV_KERNEL("dropout", "backward", longconv::backward)
