// Peak FMA rate and copy bandwidth, measured by the kernels of roofline-kernels.cc (compiled per instruction set).
#include "roofline.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>

#include "kernel.h"
#include "pool.h"
#include "threads.h"

extern "C" longconv::KernelEntry __start_longconv_kernels[];
extern "C" longconv::KernelEntry __stop_longconv_kernels[];

namespace longconv {
namespace {

KernelFn find(const char* isa, const char* pass) {
  for (auto* e = __start_longconv_kernels; e != __stop_longconv_kernels; e++)
    if (!strcmp(e->op, "roofline") && !strcmp(e->isa, isa) && !strcmp(e->pass, pass)) return e->fn;
  return nullptr;
}

// The best run within `budget` seconds, of three at least: a ceiling is what the machine can do, not what it did while
// disturbed, and a disturbance (a second core that is busy) can outlast many short runs.
double seconds(KernelFn fn, const Call& call, double budget) {
  using clock = std::chrono::steady_clock;
  const auto start = clock::now();
  double best = 1e300;
  int runs = 0;
  for (auto t0 = start; runs < 3 || std::chrono::duration<double>(t0 - start).count() < budget; t0 = clock::now()) {
    fn(call);
    runs++;
    best = std::min(best, std::chrono::duration<double>(clock::now() - t0).count());
  }
  return best;
}

}  // namespace

Roofline measure_roofline(const char* isa) {
  Roofline r{};
  int threads = thread_count();
  if (KernelFn fma = find(isa, "fma")) {
    double attr[2] = {2e5, double(threads)};  // under a millisecond: short enough to slip between disturbances
    Tensor out{nullptr, 1, {1}};
    float flops_per_round = 0;
    out.data = &flops_per_round;
    Call c{};
    c.out = &out, c.nout = 1, c.attr = attr, c.nattr = 2;
    double t = seconds(fma, c, 0.5);
    r.flops = double(flops_per_round) * attr[0] * threads / t;
  }
  if (KernelFn copy = find(isa, "copy")) {
    int64_t n = int64_t{1} << 25;  // 128 MB a side: larger than any last-level cache we know of on a desk
    Tensor t[2] = {{pool_alloc(n * 4), 1, {n}}, {pool_alloc(n * 4), 1, {n}}};
    if (t[0].data && t[1].data) {
      for (Tensor& side : t) memset(side.data, 0, n * 4);  // the system hands out pages on the first touch, slowly
      Call c{};
      c.in = t, c.nin = 1, c.out = t + 1, c.nout = 1;
      r.bytes = 8.0 * n / seconds(copy, c, 0.5);
    }
    pool_free(t[0].data);
    pool_free(t[1].data);
    pool_trim();
  }
  return r;
}

}  // namespace longconv
