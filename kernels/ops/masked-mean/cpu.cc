// y[b] = mean of x[b, l] over the first n_b steps. Memory bound: 4 bytes an element. Rows are summed in chunks of
// kChunk, the chunks in float64.
#include "kernel.h"
#include "ragged.h"
#include "reduce.h"
#include "rows.h"
#include "simd.h"

namespace longconv {
namespace {

const char* const kWrong = "masked-mean: a length is negative or larger than the time axis";

const char* forward(const Call& c) {
  const int64_t B = c.in[0].dim[0], L = c.in[0].dim[1], H = c.in[0].dim[2];
  const Tensor& lengths = c.in[1];
  if (!lengths_fit(lengths, B, L)) return kWrong;
  const float* x = c.in[0].f();
  for (int64_t b = 0; b < B; b++) {
    const int64_t n = length_of(lengths, b, L);
    Groups g;
    g.add(n, false);
    g.add(H, true);
    const float* from = x + b * L * H;
    reduce_groups<SumOf>(
        g, [](void* ctx, int64_t at, int64_t, float*) { return static_cast<const float*>(ctx) + at; },
        const_cast<float*>(from), c.out[0].f() + b * H, n ? 1 / float(n) : 0);
  }
  return nullptr;
}

const char* backward(const Call& c) {
  const Tensor& lengths = c.in[1];
  const int64_t B = c.gin[0].dim[0], L = c.gin[0].dim[1], H = c.gin[0].dim[2];
  if (!lengths_fit(lengths, B, L)) return kWrong;
  const float* g = c.gout[0].f();
  float* dx = c.gin[0].f();
  const Sink sink(dx, B * L * H, H);
  parallel(B * L, 1 + 8192 / (H + 1), [&](int64_t row, int64_t end, int) {
    for (; row < end; row++) {
      const int64_t b = row / L, n = length_of(lengths, b, L);
      const V scale = splat(row % L < n ? 1 / float(n) : 0);
      const float* from = g + b * H;
      float* to = dx + row * H;
      for_vectors(H, [=](int64_t h, int64_t left) LC_LOOP { sink.put(to + h, get(from + h, left) * scale, left); });
    }
    sink.done();
  });
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("masked-mean", "forward", longconv::forward)
LONGCONV_KERNEL("masked-mean", "backward", longconv::backward)
