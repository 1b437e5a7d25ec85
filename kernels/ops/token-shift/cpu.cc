// y_t = m x_t + (1 - m) x_{t-1}. Memory bound: 8 bytes an element forward, 12 backward. Rows of channels are vectors; the
// row before is still in cache. The gradient of m is summed over 64 rows at a time, those sums in float64.
#include "kernel.h"
#include "rows.h"

namespace longconv {
namespace {

constexpr int64_t kRows = 64;  // rows (b, t) of a task, and of a partial sum

struct Sizes {
  int64_t T, C, rows, tasks;
  explicit Sizes(const Tensor& x)
      : T(x.dim[1]), C(x.dim[2]), rows(x.dim[0] * x.dim[1]), tasks((rows + kRows - 1) / kRows) {}
  /** The row before `r` of x; null: zero. */
  const float* before(const float* x, const float* start, int64_t r) const {
    if (r % T) return x + (r - 1) * C;
    return start ? start + r / T * C : nullptr;
  }
};

const char* forward(const Call& c) {
  const Sizes z(c.in[0]);
  const float *x = c.in[0].f(), *m = c.in[1].f(), *start = c.in[2].f();
  float* y = c.out[0].f();
  const Sink sink(y, c.out[0].size(), z.C);
  parallel(z.tasks, 1, [&](int64_t task, int64_t end, int) {
    for (int64_t r = task * kRows; r < end * kRows && r < z.rows; r++) {
      const float* old = z.before(x, start, r);
      for_vectors(z.C, [&](int64_t i, int64_t left) LC_LOOP {
        const V now = get(x + r * z.C + i, left), past = old ? get(old + i, left) : V{};
        sink.put(y + r * z.C + i, fma(get(m + i, left), now - past, past), left);
      });
    }
    sink.done();
  });
  return nullptr;
}

const char* backward(const Call& c) {
  const Sizes z(c.in[0]);
  const float *x = c.in[0].f(), *m = c.in[1].f(), *start = c.in[2].f(), *g = c.gout[0].f();
  float *dx = c.gin[0].f(), *dm = c.gin[1].f(), *dstart = c.gin[2].f();
  float* sums = dm ? static_cast<float*>(scratch(0, 5, size_t(z.tasks * z.C) * 4)) : nullptr;
  parallel(z.tasks, 1, [&](int64_t task, int64_t end, int) {
    for (; task < end; task++) {
      const int64_t r0 = task * kRows, r1 = r0 + kRows < z.rows ? r0 + kRows : z.rows;
      if (sums) __builtin_memset(sums + task * z.C, 0, size_t(z.C) * 4);
      for (int64_t r = r0; r < r1; r++) {
        const float *gr = g + r * z.C, *next = (r + 1) % z.T ? gr + z.C : nullptr, *old = z.before(x, start, r);
        for_vectors(z.C, [&](int64_t i, int64_t left) LC_LOOP {
          const V now = get(gr + i, left);
          if (dx) {
            const V later = next ? get(next + i, left) : V{};
            put(dx + r * z.C + i, fma(get(m + i, left), now - later, later), left);
          }
          if (sums) {
            const V past = old ? get(old + i, left) : V{};
            float* s = sums + task * z.C + i;
            put(s, fma(now, get(x + r * z.C + i, left) - past, get(s, left)), left);
          }
          if (dstart && r % z.T == 0)
            put(dstart + r / z.T * z.C + i, now - get(m + i, left) * now, left);
        });
      }
    }
  });
  if (dm)
    parallel(z.C, 64, [&](int64_t i, int64_t end, int) {
      for (; i < end; i++) {
        double sum = 0;
        for (int64_t k = 0; k < z.tasks; k++) sum += double(sums[k * z.C + i]);
        dm[i] = float(sum);
      }
    });
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("token-shift", "forward", longconv::forward)
LONGCONV_KERNEL("token-shift", "backward", longconv::backward)
