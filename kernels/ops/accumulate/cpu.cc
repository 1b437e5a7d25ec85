// into += x. Memory bound: 12 bytes an element.
#include "kernel.h"
#include "simd.h"

namespace longconv {
namespace {

const char* forward(const Call& c) {
  float* a = c.in[0].f();
  const float* x = c.in[1].f();
  parallel(c.in[0].size(), 1 << 15, [=](int64_t i, int64_t end, int) {
    for (; i + W <= end; i += W) store(a + i, load(a + i) + load(x + i));
    for (; i < end; i++) a[i] += x[i];
  });
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("accumulate", "forward", longconv::forward)
