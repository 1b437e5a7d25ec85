// Long convolution by FFT: y = k * u + D u for every row, and its gradients. Formulas and shapes in op.ts.
// attr: sides, form (order of op.ts), points of a row that the caches hold (form three-pass).
//
// fused.h the kernel, unfused.h the baseline; both on the transform of plan.h (sizes and roots), passes.h (steps
// across rows), block.h (the last steps, in registers), leaf.h (products with spectra), transform.h (a whole row).
// Nominal cost 2.5 n log2 n per real transform of n = 2L: two transforms a row forward, three backward, and the
// kernel's own once per channel. Error about 3e-7 of the largest value, from 4K to 1M.
//
// The ladder. GF/s of that nominal cost, forward, one core of a Zen 4 server (AVX-512, FMA peak 115 to 118), at
// 1K / 4K / 16K / 64K; noisy machine, so steps were compared in one process, taking turns:
//   72 / 73 / 70 / 66  columns in stripes through a small scratch, twiddles by position, four vectors a block
//   66 / 66 / 56 / 59  the ring's roots propagated instead (scalar factors, no bit reversal, any size), eight vectors
//   +10 to +15 %       the block's two sets of four vectors side by side: lane exchanges have long latencies (4 cycles
//                      across quarters, one a cycle), two chains hide them; each operand read once (loads are one a
//                      cycle at this width). Through lambdas the same code spilled 240 vectors a block and lost 70 %
//   86 / 83 / 81 / 73  with the next row fetched to the second-level cache and results written past the caches
//                      (without the one -25 %, without the other -20 %, at 1K)
//   90 / 92 / 95 / 90  stripes dropped: whole columns one step at a time, depth first. Streams are sequential, the
//                      hardware fetches them; at 1M 68 instead of 50. Large radices first, odd ones on the real row
// Also tried: twiddles of every block computed instead of read (-5 % at 1K, equal from 16K: done beyond 32K); wider
// stripes (between the two); fetching into the first-level cache (equal); the compiler's own scheduling (-10 %).
// AVX2 reaches 60 to 68. Open: one row on more threads than its first radix; L below kBlock pays for kBlock points.
#include "fused.h"
#include "unfused.h"

namespace longconv {
namespace {

const char* run(const Call& call, bool backward) {
  Problem x = read_problem(call, backward);
  return call.attr[1] == 1 ? unfused(x) : fused(x, call.attr[1] == 2 ? int64_t(call.attr[2]) : 0);
}
const char* forward(const Call& call) { return run(call, false); }
const char* backward(const Call& call) { return run(call, true); }

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("fft-conv", "forward", longconv::forward)
LONGCONV_KERNEL("fft-conv", "backward", longconv::backward)
