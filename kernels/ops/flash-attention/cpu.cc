// Attention and its gradients, row by row.
#include "kernel.h"
#include "simd.h"

namespace longconv {
namespace {

float dot(const float* x, const float* y, int64_t n) {
  double s = 0;
  for (int64_t i = 0; i < n; i++) s += double(x[i]) * y[i];
  return float(s);
}

struct Sizes {
  int64_t B, Sq, Sk, h, d;
  bool causal;
  float scale;
  const int32_t* lengths;
  Sizes(const Call& c)
      : B(c.in[0].dim[0]), Sq(c.in[0].dim[1]), Sk(c.in[1].dim[1]), h(c.in[0].dim[2]), d(c.in[0].dim[3]),
        causal(c.attr[0] != 0), scale(float(c.attr[1])), lengths(c.in[3] ? c.in[3].i() : nullptr) {}
  int64_t keys(int64_t b, int64_t i) const {
    int64_t end = lengths ? (lengths[b] < 0 ? 0 : lengths[b] < Sk ? lengths[b] : Sk) : Sk;
    int64_t last = causal ? i + 1 + Sk - Sq : end;
    return last < 0 ? 0 : last < end ? last : end;
  }
};

const char* forward(const Call& c) {
  Sizes s(c);
  const float *q = c.in[0].f(), *k = c.in[1].f(), *v = c.in[2].f();
  float *o = c.out[0].f(), *lse = c.out[1].f();
  int64_t ld = s.h * s.d;
  parallel(s.B * s.h * s.Sq, 8, [=](int64_t r, int64_t end, int thread) {
    float* p = static_cast<float*>(scratch(thread, 0, size_t(s.Sk) * 4));
    for (; r < end; r++) {
      int64_t b = r / (s.h * s.Sq), e = r / s.Sq % s.h, i = r % s.Sq, n = s.keys(b, i);
      const float* x = q + (b * s.Sq + i) * ld + e * s.d;
      const float *kk = k + b * s.Sk * ld + e * s.d, *vv = v + b * s.Sk * ld + e * s.d;
      float *y = o + (x - q), max = -3e38f;
      double sum = 0;
      for (int64_t j = 0; j < n; j++) {
        p[j] = s.scale * dot(x, kk + j * ld, s.d);
        max = p[j] > max ? p[j] : max;
      }
      for (int64_t j = 0; j < n; j++) sum += p[j] = __builtin_expf(p[j] - max);
      for (int64_t j = 0; j < s.Sk; j++) p[j] = j < n ? float(p[j] / sum) : 0;
      for (int64_t t = 0; t < s.d; t++) {
        double a = 0;
        for (int64_t j = 0; j < n; j++) a += double(p[j]) * vv[j * ld + t];
        y[t] = float(a);
      }
      lse[r] = n ? float(max + __builtin_log(sum)) : 0;
    }
  });
  return nullptr;
}

const char* backward(const Call& c) {
  Sizes s(c);
  const float *q = c.in[0].f(), *k = c.in[1].f(), *v = c.in[2].f(), *lse = c.out[1].f();
  const float* g = c.gout[0] ? c.gout[0].f() : nullptr;
  const float* glse = c.gout[1] ? c.gout[1].f() : nullptr;
  int64_t ld = s.h * s.d;
  for (int t = 0; t < 3; t++)
    if (c.gin[t]) __builtin_memset(c.gin[t].data, 0, size_t(c.gin[t].size()) * 4);
  parallel(s.B * s.h, 1, [=](int64_t head, int64_t last, int thread) {
    float* ds = static_cast<float*>(scratch(thread, 0, size_t(s.Sk) * 8));
    float* p = ds + s.Sk;
    for (; head < last; head++)
      for (int64_t i = 0; i < s.Sq; i++) {
        int64_t b = head / s.h, e = head % s.h, r = head * s.Sq + i, n = s.keys(b, i);
        int64_t qi = (b * s.Sq + i) * ld + e * s.d, k0 = b * s.Sk * ld + e * s.d;
        double delta = 0;
        for (int64_t j = 0; j < n; j++) {
          p[j] = __builtin_expf(s.scale * dot(q + qi, k + k0 + j * ld, s.d) - lse[r]);
          ds[j] = (g ? dot(g + qi, v + k0 + j * ld, s.d) : 0);
          delta += double(p[j]) * ds[j];
        }
        if (glse) delta -= glse[r];
        for (int64_t j = 0; j < n; j++) ds[j] = s.scale * p[j] * float(ds[j] - delta);
        for (int64_t j = 0; j < n; j++)
          for (int64_t t = 0; t < s.d; t++) {
            int64_t kj = k0 + j * ld + t;
            if (c.gin[0]) c.gin[0].f()[qi + t] += ds[j] * k[kj];
            if (c.gin[1]) c.gin[1].f()[kj] += ds[j] * q[qi + t];
            if (c.gin[2] && g) c.gin[2].f()[kj] += p[j] * g[qi + t];
          }
      }
  });
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("flash-attention", "forward", longconv::forward)
LONGCONV_KERNEL("flash-attention", "backward", longconv::backward)
