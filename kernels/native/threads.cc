// A persistent pool: workers spin for a moment, then sleep on a futex-backed condition; the caller takes part.
#include "threads.h"

#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <vector>

#include "pool.h"

namespace longconv {
namespace {

struct Job {
  int64_t n = 0, grain = 1;
  void (*fn)(void*, int64_t, int64_t, int) = nullptr;
  void* ctx = nullptr;
  std::atomic<int64_t> next{0};
};

inline void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

void drain(Job& job, int thread) {
  for (;;) {
    int64_t begin = job.next.fetch_add(job.grain, std::memory_order_relaxed);
    if (begin >= job.n) return;
    int64_t end = begin + job.grain < job.n ? begin + job.grain : job.n;
    job.fn(job.ctx, begin, end, thread);
  }
}

class Pool {
 public:
  Pool() : wanted_(default_count()) {}
  ~Pool() { stop(); }

  int count() const { return wanted_; }

  void resize(int n) {
    std::lock_guard<std::mutex> hold(call_);
    stop();
    wanted_ = n < 1 ? 1 : n;
  }

  void run(int64_t n, int64_t grain, void (*fn)(void*, int64_t, int64_t, int), void* ctx) {
    if (n <= 0) return;
    // A nested call, or one that has a single piece, runs where it is.
    if (inside_ >= 0 || wanted_ == 1 || n <= grain) {
      int thread = inside_ >= 0 ? inside_ : 0;
      int before = inside_;
      inside_ = thread;
      for (int64_t b = 0; b < n; b += grain) fn(ctx, b, b + grain < n ? b + grain : n, thread);
      inside_ = before;
      return;
    }
    std::lock_guard<std::mutex> hold(call_);
    if (static_cast<int>(workers_.size()) + 1 != wanted_) start();
    job_.n = n;
    job_.grain = grain;
    job_.fn = fn;
    job_.ctx = ctx;
    job_.next.store(0, std::memory_order_relaxed);
    busy_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
    {
      std::lock_guard<std::mutex> lock(sleep_);
      generation_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    inside_ = 0;
    drain(job_, 0);
    inside_ = -1;
    for (int spin = 0; busy_.load(std::memory_order_acquire) != 0; spin++) {
      if (spin < 4096) relax();
      else std::this_thread::yield();
    }
  }

 private:
  static int default_count() {
    if (const char* s = getenv("LONGCONV_THREADS")) {
      int n = atoi(s);
      if (n >= 1) return n;
    }
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set) > 0 ? CPU_COUNT(&set) : 1;
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? static_cast<int>(n) : 1;
  }

  void start() {
    stop();
    quit_ = false;
    uint64_t seen = generation_.load();
    for (int t = 1; t < wanted_; t++) workers_.emplace_back([this, t, seen] { work(t, seen); });
  }

  void stop() {
    if (workers_.empty()) return;
    {
      std::lock_guard<std::mutex> lock(sleep_);
      quit_ = true;
      generation_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    for (auto& w : workers_) w.join();
    workers_.clear();
  }

  void work(int thread, uint64_t seen) {
    inside_ = thread;
    for (;;) {
      for (int spin = 0; spin < 20000 && generation_.load(std::memory_order_acquire) == seen; spin++) relax();
      if (generation_.load(std::memory_order_acquire) == seen) {
        std::unique_lock<std::mutex> lock(sleep_);
        wake_.wait(lock, [&] { return generation_.load(std::memory_order_acquire) != seen; });
      }
      seen = generation_.load(std::memory_order_acquire);
      if (quit_) return;
      drain(job_, thread);
      busy_.fetch_sub(1, std::memory_order_release);
    }
  }

  static thread_local int inside_;
  int wanted_;
  std::vector<std::thread> workers_;
  Job job_;
  std::mutex call_, sleep_;
  std::condition_variable wake_;
  std::atomic<uint64_t> generation_{0};
  std::atomic<int> busy_{0};
  bool quit_ = false;
};

thread_local int Pool::inside_ = -1;

Pool& pool() {
  static Pool* p = new Pool;  // never destroyed: workers may outlive static destruction at process exit
  return *p;
}

}  // namespace

int thread_count() { return pool().count(); }
void set_thread_count(int n) { pool().resize(n); }

void parallel_ranges(int64_t n, int64_t grain, void (*fn)(void*, int64_t, int64_t, int), void* ctx) {
  pool().run(n, grain, fn, ctx);
}

void* scratch(int thread, int slot, size_t bytes) {
  constexpr int kThreads = 512, kSlots = 16;
  struct Slot {
    void* data;
    size_t bytes;
  };
  static Slot slots[kThreads][kSlots];
  Slot& s = slots[thread % kThreads][slot % kSlots];
  if (s.bytes < bytes) {
    if (s.data) pool_free(s.data);
    s.data = pool_alloc(bytes);
    s.bytes = s.data ? bytes : 0;
  }
  return s.data;
}

}  // namespace longconv
