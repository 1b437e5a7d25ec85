#include "pool.h"

#include <sys/mman.h>

#include <cstdint>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace longconv {
namespace {

constexpr size_t kPage = 4096, kHuge = size_t{2} << 20;

// Classes four to an octave: at most 25 % of a block is slack, and a freed block fits the next like request.
size_t size_class(size_t bytes) {
  if (bytes < 256) return 256;
  size_t top = size_t{1} << (63 - __builtin_clzll(bytes));
  size_t step = top / 4 < 64 ? 64 : top / 4;
  return (bytes + step - 1) / step * step;
}

struct Block {
  size_t asked, held;
};

std::mutex lock;
std::unordered_map<void*, Block> live;
std::map<size_t, std::vector<void*>> cached;
PoolStats stats{};

void* map_block(size_t held) {
  size_t bytes = held < kPage ? kPage : (held + kPage - 1) / kPage * kPage;
  void* p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return nullptr;
#ifdef MADV_HUGEPAGE
  if (bytes >= kHuge) madvise(p, bytes, MADV_HUGEPAGE);
#endif
  stats.reserved += bytes;
  return p;
}

void unmap_block(void* p, size_t held) {
  size_t bytes = held < kPage ? kPage : (held + kPage - 1) / kPage * kPage;
  munmap(p, bytes);
  stats.reserved -= bytes;
}

void trim_locked() {
  for (auto& [held, blocks] : cached)
    for (void* p : blocks) unmap_block(p, held);
  cached.clear();
}

}  // namespace

void* pool_alloc(size_t bytes) {
  std::lock_guard<std::mutex> hold(lock);
  size_t held = size_class(bytes ? bytes : 1);
  void* p = nullptr;
  auto it = cached.find(held);
  if (it != cached.end() && !it->second.empty()) {
    p = it->second.back();
    it->second.pop_back();
  } else {
    p = map_block(held);
    if (!p) {
      trim_locked();
      p = map_block(held);
    }
  }
  if (!p) return nullptr;
  live[p] = {bytes, held};
  stats.live += bytes;
  if (stats.live > stats.peak) stats.peak = stats.live;
  return p;
}

void pool_free(void* p) {
  if (!p) return;
  std::lock_guard<std::mutex> hold(lock);
  auto it = live.find(p);
  if (it == live.end()) return;
  stats.live -= it->second.asked;
  cached[it->second.held].push_back(p);
  live.erase(it);
}

void pool_trim() {
  std::lock_guard<std::mutex> hold(lock);
  trim_locked();
}

void pool_reset_peak() {
  std::lock_guard<std::mutex> hold(lock);
  stats.peak = stats.live;
}

PoolStats pool_stats() {
  std::lock_guard<std::mutex> hold(lock);
  return stats;
}

}  // namespace longconv
