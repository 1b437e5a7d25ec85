// The persistent thread pool as kernels see it. Work is split by *index*, never by thread, so that a result
// does not depend on how many threads there are.
#pragma once
#include <cstddef>
#include <cstdint>

namespace longconv {

int thread_count();
void set_thread_count(int n);

/** Calls fn(ctx, begin, end, thread) on disjoint ranges that cover [0, n), each at most `grain` long. */
void parallel_ranges(int64_t n, int64_t grain, void (*fn)(void*, int64_t, int64_t, int), void* ctx);

/**
 * Scratch memory of the calling worker, 64-byte aligned, valid until the kernel returns to it with the same
 * `slot` (0 to 15). It grows and is kept. Its bytes count towards the device's peak.
 */
void* scratch(int thread, int slot, size_t bytes);

/** parallel_ranges for a lambda (begin, end, thread). */
template <class F>
static inline void parallel(int64_t n, int64_t grain, F&& fn) {
  parallel_ranges(
      n, grain < 1 ? 1 : grain, [](void* c, int64_t b, int64_t e, int t) { (*static_cast<F*>(c))(b, e, t); }, &fn);
}

}  // namespace longconv
