// How a transform of size N is cut up, and its roots of unity.
//
// The transform evaluates a complex polynomial of degree < N at the N roots of t^N = e^{i theta}. A step of radix
// r turns a residue modulo t^n - e^{i theta} into r residues modulo t^{n/r} - e^{i theta_k},
// theta_k = (theta - 2 pi k) / r: factors e^{i q theta / r} on the q-th part, then a DFT over q. The factors are
// scalars, the same for a whole block, so their tables are short; the children of block b are b r + k and stay
// there (no bit reversal: kernel and rows are in the same order).
//   theta = pi/2: the ring in which a real row of 2N, t^2N = -1, is a complex row of N: a convolution of N reals
//                 needs no padding and no real-transform epilogue.
//   theta = 0:    the ordinary cyclic transform.
// Steps run over whole columns, depth first: a block is finished before its neighbour is begun, so that it descends
// into ever nearer caches. After the last step blocks of kBlock points remain, which block.h finishes in registers.
#pragma once
#include "pool.h"
#include "simd.h"

namespace longconv {
namespace {

/** Vectors in a block: eight complex ones where there are 32 registers. */
constexpr int G = W == 16 ? 8 : 4;
constexpr int kBlock = G * W;
constexpr int kMaxSteps = 12;
/** Complex vectors of constant factors that four vectors need in block.h. */
constexpr int kLaneFactors = W == 16 ? 6 : W == 8 ? 5 : 3;
/** Beyond this size a block's twist is computed from one vector and G scalars instead of being read. */
constexpr int64_t kTableN = 1 << 15;

struct Step {
  int radix;
  int64_t stride;  // floats from one child block to the next
  int64_t cols;    // vectors of a child block
  float* roots;    // radix - 1 factors for each block
};

struct Plan {
  int64_t N, blocks;
  int cyclic, steps;
  int asked, joint;  // steps that are done together, in one pass over a row (three-pass form); the others depth first
  Step step[kMaxSteps];
  int64_t floats;  // of a workspace row, with its padding
  float* lane;     // G / 4 sets of kLaneFactors complex vectors
  float* twist;    // per block G complex vectors, or (N > kTableN) one complex vector and G complex scalars
  bool table() const { return N <= kTableN; }
  int64_t twist_floats() const { return table() ? 2 * kBlock : 2 * W + 2 * G; }
};

/** e^{2 pi i turns}: real part at p[0], imaginary part at p[step]; computed in double precision. */
inline void put_root(float* p, int64_t step, double turns) {
  const double a = 6.283185307179586476925 * (turns - double(int64_t(turns)));
  p[0] = float(__builtin_cos(a));
  p[step] = float(__builtin_sin(a));
}

/** The radices of N = kBlock * product; odd first, where the input is real, then as few as possible. */
inline int radices(int64_t N, int* r) {
  int n = 0, twos = 0;
  int64_t v = N / kBlock;
  for (int odd = 3; odd <= 5; odd += 2)
    if (v % odd == 0) r[n++] = odd, v /= odd;
  for (; v > 1; v /= 2) twos++;
  // twos = 3 (e + 1) + remainder, the remainder as 4s (or one 2) before the last 8.
  int fours = 0;
  while (twos % 3 && twos > 1) twos -= 2, fours++;
  if (twos % 3) r[n++] = 2, twos--;
  for (; twos > 3; twos -= 3) r[n++] = 8;
  for (; fours; fours--) r[n++] = 4;
  if (twos) r[n++] = 8;
  return n;
}

/** The smallest size, at least `least`, that a plan exists for: 1, 3 or 5 times a power of two. */
inline int64_t supported_size(int64_t least) {
  int64_t best = kBlock;
  while (best < least) best *= 2;
  for (int odd = 3; odd <= 5; odd += 2)
    for (int64_t n = int64_t(odd) * kBlock; n < best; n *= 2)
      if (n >= least) best = n;
  return best;
}

inline void cut_into_steps(Plan& p, int joint) {
  int radix[kMaxSteps];
  p.steps = radices(p.N, radix);
  int64_t size = p.N;
  for (int i = 0; i < p.steps; i++) {
    size /= radix[i];
    p.step[i] = {radix[i], 2 * size, size / W, nullptr};
  }
  // The padding keeps the joint steps' rows out of each other's cache sets; inside them blocks are contiguous.
  p.joint = p.steps > 1 ? (joint < p.steps ? joint : p.steps - 1) : 1;
  for (int i = p.steps > 1 ? p.joint - 1 : -1; i >= 0; i--)
    p.step[i].stride = 2 * W + (i + 1 < p.joint ? p.step[i + 1].radix * p.step[i + 1].stride : p.step[i].stride);
  p.floats = p.steps ? p.step[0].radix * p.step[0].stride : 2 * p.N;
}

/** The constant factors of the lane steps of vectors k0 .. k0 + 3 of a block (block.h). */
inline void lane_factors(float* out, int k0) {
  const int lanes = W / 4;  // lanes of each of the four vectors after the first exchange
  for (int q = 1; q < 4; q++)
    for (int l = 0; l < W; l++)
      put_root(out + (q - 1) * 2 * W + l, W, -double(q) * double(k0 + l / lanes) / double(4 * G));
  out += 6 * W;
  for (int j = 1; j < 4 && W == 16; j++, out += 2 * W)
    for (int l = 0; l < W; l++)
      put_root(out + l, W, -double(j) * (double(k0 + l / 4) / double(16 * G) + double(l % 4) / 16));
  for (int pair = 0; pair < 2 && W == 8; pair++, out += 2 * W)
    for (int l = 0; l < W; l++)
      put_root(out + l, W, -(double(k0 + l / 2) / double(8 * G) + double(2 * pair + l % 2) / 8));
}

/** Fills the tables. False when memory has run out. */
inline bool make_plan(Plan& p, int64_t N, int cyclic, int joint) {
  p.N = N, p.cyclic = cyclic, p.asked = joint, p.blocks = N / kBlock;
  cut_into_steps(p, joint);
  int64_t total = (G / 4) * kLaneFactors * 2 * W + p.blocks * p.twist_floats(), nb = 1;
  for (int i = 0; i < p.steps; i++) {
    total += nb * 2 * (p.step[i].radix - 1);
    nb *= p.step[i].radix;
  }
  float* at = static_cast<float*>(pool_alloc(size_t(total) * 4));
  double* turns = static_cast<double*>(pool_alloc(size_t(p.blocks) * 16));
  if (!at || !turns) {
    pool_free(at);
    pool_free(turns);
    return false;
  }
  p.twist = at, at += p.blocks * p.twist_floats();
  p.lane = at, at += (G / 4) * kLaneFactors * 2 * W;
  for (int g = 0; g < G / 4; g++) lane_factors(p.lane + g * kLaneFactors * 2 * W, 4 * g);
  // theta / 2 pi of every block, level by level.
  double *now = turns, *next = turns + p.blocks;
  now[0] = cyclic ? 0 : 0.25;
  nb = 1;
  for (int i = 0; i < p.steps; i++) {
    const int r = p.step[i].radix;
    p.step[i].roots = at;
    for (int64_t b = 0; b < nb; b++) {
      for (int q = 1; q < r; q++, at += 2) put_root(at, 1, q * now[b] / r);
      for (int k = 0; k < r; k++) next[b * r + k] = (now[b] - k) / r;
    }
    nb *= r;
    double* t = now;
    now = next, next = t;
  }
  for (int64_t b = 0; b < p.blocks; b++) {
    float* t = p.twist + b * p.twist_floats();
    const int vectors = p.table() ? G : 1;
    for (int v = 0; v < vectors; v++)
      for (int l = 0; l < W; l++) put_root(t + v * 2 * W + l, W, now[b] * (v * W + l) / kBlock);
    if (!p.table())
      for (int v = 0; v < G; v++) put_root(t + 2 * W + 2 * v, 1, now[b] * v / G);
  }
  pool_free(turns);
  return true;
}

/** The plan of a size, made on first use and kept (its memory is counted). Null when memory has run out. */
inline const Plan* plan_for(int64_t N, int cyclic, int joint = 1) {
  static Plan plans[160];
  static int count = 0;
  static char busy = 0;
  while (__atomic_test_and_set(&busy, __ATOMIC_ACQUIRE)) {
  }
  Plan* found = nullptr;
  for (int i = 0; i < count && !found; i++)
    if (plans[i].N == N && plans[i].cyclic == cyclic && plans[i].asked == joint) found = &plans[i];
  if (!found && count < 160 && make_plan(plans[count], N, cyclic, joint)) found = &plans[count++];
  __atomic_clear(&busy, __ATOMIC_RELEASE);
  return found;
}

}  // namespace
}  // namespace longconv
