// Rotary positions; formula in op.ts. A task is a stretch of kStretch steps: their angles move on by a complex product
// in float64 from an exact start, once for all sequences and heads. attr: offset, base.
#include "kernel.h"
#include "simd.h"

namespace longconv {
namespace {

constexpr int64_t kStretch = 64;
constexpr const char* kNoMemory = "rotary: no memory is left for the angles";

const char* turn(const Tensor& x, const Tensor& y, const double* attr, double sign) {
  const int64_t B = x.dim[0], L = x.dim[1], h = x.dim[2], d = x.dim[3], n = d / 2, room = (n + W) / W * W;
  const char* failed = nullptr;
  parallel((L + kStretch - 1) / kStretch, 1, [&](int64_t s, int64_t end, int thread) {
    double* now = static_cast<double*>(scratch(thread, 0, size_t(4 * n) * 8 + size_t(2 * room) * 4));
    if (!now) return __atomic_store_n(&failed, kNoMemory, __ATOMIC_RELAXED);
    double *re = now, *im = re + n, *step_re = im + n, *step_im = step_re + n;
    float *c = reinterpret_cast<float*>(step_im + n), *v = c + room;
    for (; s < end; s++)
      for (int64_t l = s * kStretch; l < (s + 1) * kStretch && l < L; l++) {
        for (int64_t j = 0; j < n; j++) {
          if (l == s * kStretch) {
            const double rate = sign * __builtin_pow(attr[1], -2.0 * double(j) / double(d));
            const double angle = (double(l) + attr[0]) * rate;
            re[j] = __builtin_cos(angle), im[j] = __builtin_sin(angle);
            step_re[j] = __builtin_cos(rate), step_im[j] = __builtin_sin(rate);
          } else {
            const double a = re[j];
            re[j] = a * step_re[j] - im[j] * step_im[j];
            im[j] = a * step_im[j] + im[j] * step_re[j];
          }
          c[j] = float(re[j]), v[j] = float(im[j]);
        }
        for (int64_t b = 0; b < B; b++)
          for (int64_t e = 0; e < h; e++) {
            const int64_t at = ((b * L + l) * h + e) * d;
            const float *p = x.f() + at, *q = p + n;
            float *to = y.f() + at, *other = to + n;
            for (int64_t j = 0; j < n; j += W) {
              const int w = int(n - j < W ? n - j : W);
              const V a = load_part(p + j, w), o = load_part(q + j, w), cs = load(c + j), sn = load(v + j);
              store_part(to + j, a * cs - o * sn, w);
              store_part(other + j, a * sn + o * cs, w);
            }
          }
      }
  });
  return failed;
}

const char* forward(const Call& c) { return turn(c.in[0], c.out[0], c.attr, 1); }
const char* backward(const Call& c) { return turn(c.gout[0], c.gin[0], c.attr, -1); }

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("rotary", "forward", longconv::forward)
LONGCONV_KERNEL("rotary", "backward", longconv::backward)
