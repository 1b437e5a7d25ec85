// The two loops that the roofline is measured with, in every instruction set's own vectors.
#include "kernel.h"
#include "simd.h"

namespace longconv {
namespace {

// attr: rounds, threads. out[0] receives the FLOPs of one round on one thread.
const char* peak_fma(const Call& c) {
  constexpr int kChains = 12;  // enough independent chains for 2 pipes of latency 4 to 5
  int64_t rounds = int64_t(c.attr[0]);
  parallel(int64_t(c.attr[1]), 1, [&](int64_t, int64_t, int) {
    V a[kChains];  // indexed by constants only, or the chains would live in memory
#pragma GCC unroll 12
    for (int j = 0; j < kChains; j++) a[j] = splat(1.0f + j);
    V b = splat(0.999f), d = splat(1e-3f);
    for (int64_t r = 0; r < rounds; r++) {
#pragma GCC unroll 12
      for (int j = 0; j < kChains; j++) a[j] = fma(a[j], b, d);
#if defined(__x86_64__)
      asm volatile("" : "+x"(a[0]));
#endif
    }
#pragma GCC unroll 12
    for (int j = 1; j < kChains; j++) a[0] += a[j];
    volatile float sink = hsum(a[0]);
    (void)sink;
  });
  c.out[0].f()[0] = 2.0f * W * kChains;
  return nullptr;
}

const char* copy(const Call& c) {
  const float* x = c.in[0].f();
  float* y = c.out[0].f();
  int64_t n = c.in[0].size();
  parallel(n, (n / (thread_count() * 4) + 63) / 64 * 64, [&](int64_t b, int64_t e, int) {
    int64_t i = b;
    for (; i + W <= e; i += W) store_nt(y + i, load(x + i));
    for (; i < e; i++) y[i] = x[i];
    nt_fence();
  });
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("roofline", "fma", longconv::peak_fma)
LONGCONV_KERNEL("roofline", "copy", longconv::copy)
