// Softmax attention in tiles and its gradients; formulas in op.ts, the tiles in native/attention-kernels.cc.
// attr: causal, scale.
#include "attention.h"

namespace longconv {
namespace {

LONGCONV_ISA::Pattern pattern(const Call& c) { return {.causal = c.attr[0] != 0, .scale = float(c.attr[1])}; }

const char* forward(const Call& c) { return LONGCONV_ISA::attention_forward(c, pattern(c)); }
const char* backward(const Call& c) { return LONGCONV_ISA::attention_backward(c, pattern(c)); }

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("flash-attention", "forward", longconv::forward)
LONGCONV_KERNEL("flash-attention", "backward", longconv::backward)
