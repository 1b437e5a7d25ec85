// The C++ side of the op contract: what a kernel is handed and how it makes itself known.
//
// Every ops/<op>/cpu.cc is compiled once per instruction set (LONGCONV_ISA names it) and registers its
// kernels in a linker section as constant data: loading the addon runs no code of an instruction set that
// the machine may lack. Kernels are static, use no std:: templates and return nullptr, or one sentence
// that says what was wrong.
#pragma once
#include <cstddef>
#include <cstdint>

#include "threads.h"

namespace longconv {

/** One operand: dense, row-major. `data` is null for an operand that was not given or is not wanted. */
struct Tensor {
  void* data;
  int rank;
  int64_t dim[8];
  float* f() const { return static_cast<float*>(data); }
  int32_t* i() const { return static_cast<int32_t*>(data); }
  explicit operator bool() const { return data != nullptr; }
  int64_t size() const {
    int64_t n = 1;
    for (int d = 0; d < rank; d++) n *= dim[d];
    return n;
  }
  /** Product of the dimensions [from, to). */
  int64_t span(int from, int to) const {
    int64_t n = 1;
    for (int d = from; d < to; d++) n *= dim[d];
    return n;
  }
};

/**
 * One call. Forward: `in`, `out`. Backward: `in` and `out` hold what the op saves (null otherwise), `gout`
 * the upstream gradients, `gin` the gradients to write (null where not wanted). Kernels overwrite every
 * element of what they write; memory arrives uninitialised. `attr` is the op's packed attribute list.
 */
struct Call {
  const Tensor* in;
  const Tensor* out;
  const Tensor* gout;
  const Tensor* gin;
  const double* attr;
  int nin, nout, ngout, ngin, nattr;
};

using KernelFn = const char* (*)(const Call&);

struct KernelEntry {
  const char* op;
  const char* pass;
  const char* isa;
  KernelFn fn;
};

}  // namespace longconv

#define LONGCONV_STR2(x) #x
#define LONGCONV_STR(x) LONGCONV_STR2(x)
#define LONGCONV_CAT2(a, b) a##b
#define LONGCONV_CAT(a, b) LONGCONV_CAT2(a, b)
/** Registers `fn` as the kernel of `op` ("fft-conv") for `pass` ("forward" or "backward"). */
#define LONGCONV_KERNEL(op, pass, fn)                                                             \
  static ::longconv::KernelEntry LONGCONV_CAT(entry_, __COUNTER__)                                \
      __attribute__((used, section("longconv_kernels"))) = {op, pass, LONGCONV_STR(LONGCONV_ISA), &fn};
