// Attention over the pairs that a pattern shows; formulas in op.ts, the tiles in native/attention-kernels.cc.
// attr: causal, scale, block, window, back, ahead, exact.
#include "attention.h"

namespace longconv {
namespace {

LONGCONV_ISA::Pattern pattern(const Call& c) {
  const double* a = c.attr;
  return {.causal = a[0] != 0,
          .scale = float(a[1]),
          .block = int64_t(a[2]),
          .mask = c.in[5] ? c.in[5].i() : nullptr,
          .real = c.in[4] ? c.in[4].i() : nullptr,
          .window = int64_t(a[3]),
          .back = int64_t(a[4]),
          .ahead = int64_t(a[5]),
          .exact = a[6] != 0};
}

const char* forward(const Call& c) { return LONGCONV_ISA::attention_forward(c, pattern(c)); }
const char* backward(const Call& c) { return LONGCONV_ISA::attention_backward(c, pattern(c)); }

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("sparse-attention", "forward", longconv::forward)
LONGCONV_KERNEL("sparse-attention", "backward", longconv::backward)
