// Long convolution by FFT, formulas in op.ts. attr: sides, form (order of op.ts).
#include "fused.h"
#include "unfused.h"

namespace longconv {
namespace {

const char* run(const Call& call, bool backward) {
  Problem x = read_problem(call, backward);
  return call.attr[1] == 0 ? fused(x) : unfused(x);
}
const char* forward(const Call& call) { return run(call, false); }
const char* backward(const Call& call) { return run(call, true); }

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("fft-conv", "forward", longconv::forward)
LONGCONV_KERNEL("fft-conv", "backward", longconv::backward)
