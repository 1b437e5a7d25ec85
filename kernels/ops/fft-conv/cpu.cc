// Long convolution by FFT, formulas in op.ts. attr: sides, form (order of op.ts).
#include "fused.h"

namespace longconv {
namespace {

const char* forward(const Call& call) {
  Problem x = read_problem(call, false);
  return fused(x);
}

const char* backward(const Call& call) {
  Problem x = read_problem(call, true);
  return fused(x);
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("fft-conv", "forward", longconv::forward)
LONGCONV_KERNEL("fft-conv", "backward", longconv::backward)
