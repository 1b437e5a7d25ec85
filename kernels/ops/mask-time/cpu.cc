// Zeroes the padding of a ragged batch (B, L, H), forward and backward. Memory bound: 8 bytes an element.
#include "ragged.h"
#include "rows.h"

namespace longconv {
namespace {

const char* mask(const Tensor& from, const Tensor& to, const Tensor& lengths) {
  const int64_t B = from.dim[0], L = from.dim[1], H = from.dim[2];
  if (!lengths_fit(lengths, B, L)) return "mask-time: a length is negative or larger than the time axis";
  const float* x = from.f();
  float* y = to.f();
  const Sink sink(y, to.size(), H);
  parallel(B * L, 1 + 8192 / (H + 1), [&](int64_t row, int64_t end, int) {
    while (row < end) {
      const int64_t b = row / L, l = row % L, stop = (b + 1) * L < end ? (b + 1) * L : end;
      const int64_t count = stop - row, left = length_of(lengths, b, L) - l;
      const int64_t keep = left < 0 ? 0 : left < count ? left : count;
      sink.copy(y + row * H, x + row * H, keep * H);
      sink.zero(y + (row + keep) * H, (count - keep) * H);
      row = stop;
    }
    sink.done();
  });
  return nullptr;
}

const char* forward(const Call& c) { return mask(c.in[0], c.out[0], c.in[1]); }
const char* backward(const Call& c) { return mask(c.gout[0], c.gin[0], c.in[1]); }

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("mask-time", "forward", longconv::forward)
LONGCONV_KERNEL("mask-time", "backward", longconv::backward)
