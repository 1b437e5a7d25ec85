// Rows longer than the caches, in three passes over memory (FlashButterfly's algorithm: op.ts).
//
//   1  a butterfly of m = the product of the first radices on the whole row, stripe of columns by stripe: all of its
//      steps on a stripe while that is in the cache; the row is read once and m rows of N / m written
//   2  the rest of the transform, the product with the spectrum and back, row by row: each fits the caches
//   3  the inverse butterfly, as 1
//
// With the residues of plan.h, pass 1 leaves row b modulo t^(N/m) - e^{i theta_b}: a convolution of its own. The zeros of
// a causal convolution's second half do not occur in this ring, nor do the pairs of conjugate rows of a real input.
//
// The fused form is the same with m = the first radix alone (8 mostly) and goes on depth first. So up to eight times the
// points that fit (sequences of 256K steps at the default) this is the very same schedule; beyond them, two steps are done
// in one pass, which saves the first rows a way through the outermost cache and costs twice 8 streams at a time. On a
// CPU with a large outermost cache the two come out about even: the form is there to be compared, not as the default.
// Stripes must be long enough for the streams to be prefetched: 64 vectors do, 4 and 16 are slower.
#pragma once
#include "leaf.h"

namespace longconv {
namespace {

/** Columns of vectors that a stripe has: m of them are worked on together. */
constexpr int64_t kStripe = 64;

/** The steps whose butterfly makes rows of at most `on_chip` points. */
inline int joint_steps(int64_t N, int64_t on_chip) {
  int radix[kMaxSteps], joint = 0;
  const int steps = radices(N, radix);
  for (int64_t size = N; joint < steps && size > on_chip; joint++) size /= radix[joint];
  return joint < 1 ? 1 : joint;
}

inline int64_t stripes(const Plan& p) { return (p.step[p.joint - 1].cols + kStripe - 1) / kStripe; }

inline int64_t rows_on_chip(const Plan& p) {
  int64_t m = 1;
  for (int i = 0; i < p.joint; i++) m *= p.step[i].radix;
  return m;
}

/** Offset of block `block` of the residues that step i makes. */
inline int64_t block_place(const Plan& p, int i, int64_t block) {
  int64_t at = 0;
  for (; i >= 0; i--) at += block % p.step[i].radix * p.step[i].stride, block /= p.step[i].radix;
  return at;
}

/** Calls step(i, block, S, first column, last column) for every piece of a stripe that step i works on at once. */
template <class F>
inline void each_piece(const Plan& p, int i, float* S, int64_t c0, int64_t c1, F&& step) {
  int64_t blocks = 1, pieces = 1;
  for (int j = 0; j < i; j++) blocks *= p.step[j].radix;
  for (int j = i + 1; j < p.joint; j++) pieces *= p.step[j].radix;
  const int64_t cols = p.step[p.joint - 1].cols;
  for (int64_t b = 0; b < blocks; b++) {
    float* at = S + block_place(p, i - 1, b);
    for (int64_t e = 0; e < pieces; e++) {
      int64_t offset = 0, rest = e;
      for (int j = p.joint - 1; j > i; j--) offset += rest % p.step[j].radix * p.step[j].stride, rest /= p.step[j].radix;
      step(b, at + offset - e * cols * 2 * W, e * cols + c0, e * cols + c1);
    }
  }
}

/** Pass 1: stripes [s0, s1) of the input row (null: of what S holds) to S. */
inline void butterfly(const Plan& p, const RealRow* u, float* S, int64_t s0, int64_t s1) {
  const int64_t cols = p.step[p.joint - 1].cols;
  for (int64_t c = s0 * kStripe; c < s1 * kStripe && c < cols; c += kStripe)
    for (int i = 0; i < p.joint; i++)
      each_piece(p, i, S, c, c + kStripe < cols ? c + kStripe : cols, [&](int64_t block, float* at, int64_t b, int64_t e) {
        forward_columns(p, i, block, i ? nullptr : u, at, b, e);
      });
}

/** Pass 3. */
inline void inverse_butterfly(const Plan& p, const RealRow* y, float* S, int64_t s0, int64_t s1) {
  const int64_t cols = p.step[p.joint - 1].cols;
  for (int64_t c = s0 * kStripe; c < s1 * kStripe && c < cols; c += kStripe)
    for (int i = p.joint - 1; i >= 0; i--)
      each_piece(p, i, S, c, c + kStripe < cols ? c + kStripe : cols, [&](int64_t block, float* at, int64_t b, int64_t e) {
        inverse_columns(p, i, block, i ? nullptr : y, at, b, e);
      });
}

/** Pass 2: one row. */
inline void walk_row(Leaf kind, const Walk& w, int64_t row) {
  const Plan& p = *w.p;
  const int i = p.joint - 1;
  const int64_t radix = p.step[i].radix, block = row / radix;
  walk_blocks(kind, w, i, block, block_place(p, i - 1, block), row % radix, row % radix + 1);
}

}  // namespace
}  // namespace longconv
