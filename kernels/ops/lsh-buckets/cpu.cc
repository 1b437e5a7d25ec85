// Hashing by rotations and a stable counting sort; formulas in op.ts. A task is one head of one sequence.
#include "gemm.h"
#include "kernel.h"
#include "pool.h"
#include "simd.h"

namespace longconv {
namespace {

constexpr int64_t kSteps = 64;  // steps that are turned at a time
constexpr const char* kNoMemory = "lsh-buckets: no memory is left for the rotations";

/** First of the largest of y and -y, n numbers each: the first place where either is the largest magnitude. */
int64_t first_largest(const float* y, int64_t n) {
  V most{};
  for (int64_t k = 0; k < n; k += W) most = vmax(most, vabs(load_part(y + k, int(n - k < W ? n - k : W))));
  const float largest = hmax(most);
  for (int64_t k = 0; k < n; k++)
    if (y[k] == largest) return k;
  for (int64_t k = 0; k < n; k++)
    if (-y[k] == largest) return n + k;
  return 0;  // not a number
}

const char* forward(const Call& c) {
  const int64_t B = c.in[0].dim[0], L = c.in[0].dim[1], h = c.in[0].dim[2], d = c.in[0].dim[3], ld = h * d;
  const int64_t R = c.in[1].dim[1], half = c.in[1].dim[2], n = 2 * half, across = R * half;
  const int64_t wide = (across + W - 1) / W * W;
  float* turn = static_cast<float*>(pool_alloc(size_t(d * wide) * 4));  // rows to whole vectors
  if (!turn) return kNoMemory;
  for (int64_t i = 0; i < d; i++)
    for (int64_t k = 0; k < wide; k++) turn[i * wide + k] = k < across ? c.in[1].f()[i * across + k] : 0;
  const char* failed = nullptr;
  parallel(B * h, 1, [&](int64_t t, int64_t end, int thread) {
    float* y = static_cast<float*>(scratch(thread, 0, size_t(kSteps * wide) * 4));
    int64_t* start = static_cast<int64_t*>(scratch(thread, 1, size_t(R * n + 1) * 8));
    if (!y || !start) return __atomic_store_n(&failed, kNoMemory, __ATOMIC_RELAXED);
    for (; t < end; t++) {
      const float* x = c.in[0].f() + t / h * L * ld + t % h * d;
      int32_t *bucket = c.out[0].i() + t * R * L, *order = c.out[1].i() + t * R * L;
      for (int64_t l0 = 0; l0 < L; l0 += kSteps) {
        const int64_t m = L - l0 < kSteps ? L - l0 : kSteps;
        LONGCONV_ISA::gemm_tile(m, wide, d, x + l0 * ld, ld, 1, turn, wide, y, wide, nullptr, false);
        for (int64_t i = 0; i < m; i++)
          for (int64_t r = 0; r < R; r++)
            bucket[r * L + l0 + i] = int32_t(r * n + first_largest(y + i * wide + r * half, half));
      }
      int64_t length = c.in[2] ? c.in[2].i()[t / h] : L;
      length = length < 0 ? 0 : length > L ? L : length;
      for (int64_t k = 0; k <= R * n; k++) start[k] = 0;
      for (int64_t r = 0; r < R; r++)
        for (int64_t l = 0; l < length; l++) start[bucket[r * L + l] + 1]++;
      for (int64_t k = 0; k < R * n; k++) start[k + 1] += start[k];
      for (int64_t r = 0; r < R; r++)
        for (int64_t l = 0; l < length; l++) order[start[bucket[r * L + l]]++] = int32_t(r * L + l);
      for (int64_t i = R * length; i < R * L; i++) order[i] = -1;
    }
  });
  pool_free(turn);
  return failed;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("lsh-buckets", "forward", longconv::forward)
