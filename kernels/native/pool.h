// The memory pool of the CPU device: 64-byte aligned blocks, cached by size class, with exact accounting.
#pragma once
#include <cstddef>

namespace longconv {

struct PoolStats {
  size_t live;      // bytes handed out now (as asked for)
  size_t peak;      // largest `live` since the last reset
  size_t reserved;  // bytes held from the system, live or cached
};

/** Null when the system has no more memory, even after the cache was given back. */
void* pool_alloc(size_t bytes);
void pool_free(void* data);
/** Returns every cached block to the system. */
void pool_trim();
void pool_reset_peak();
PoolStats pool_stats();

}  // namespace longconv
