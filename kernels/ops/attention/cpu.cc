// Attention by batched products and a row softmax, S and P in memory: the baseline. Formulas in op.ts.
// attr: causal, scale.
//
// Heads are strides of one operand (native/gemm.h), nothing is permuted; S is scaled, masked and exponentiated in
// the memory of P. The backward pass holds one more matrix of that size, for dP and then dS.
#include "gemm.h"
#include "kernel.h"
#include "pool.h"
#include "simd-math.h"

namespace longconv {
namespace {

using LONGCONV_ISA::Gemm;
using LONGCONV_ISA::gemm;
using LONGCONV_ISA::Operand;

struct Sizes {
  int64_t B, Sq, Sk, h, d, ld, rows;
  bool causal;
  float scale;
  const int32_t* lengths;
  explicit Sizes(const Call& c)
      : B(c.in[0].dim[0]), Sq(c.in[0].dim[1]), Sk(c.in[1].dim[1]), h(c.in[0].dim[2]), d(c.in[0].dim[3]), ld(h * d),
        rows(B * h * Sq), causal(c.attr[0] != 0), scale(float(c.attr[1])), lengths(c.in[3] ? c.in[3].i() : nullptr) {}
  /** Keys that row r of (B, h, Sq) sees: those below. */
  int64_t keys(int64_t r) const {
    const int64_t b = r / (h * Sq), last = causal ? r % Sq + 1 + Sk - Sq : Sk;
    const int64_t end = lengths && lengths[b] < last ? lengths[b] : last;
    return end < 0 ? 0 : end < Sk ? end : Sk;
  }
  /** A (B, S, h, d) operand as one matrix (S, d) for each head. */
  Operand tokens(const float* x, int64_t S) const { return {x, ld, 1, S * ld, d}; }
  /** A (B, h, Sq, Sk) matrix. */
  Operand matrix(const float* x) const { return {x, Sk, 1, h * Sq * Sk, Sq * Sk}; }
};

/** y (one M x N for each head) = a b. */
const char* product(const Sizes& s, int64_t M, int64_t N, int64_t K, Operand a, Operand b, float* y, Operand like) {
  Gemm g{M, N, K, a, b, y, like.row};
  g.count0 = s.B, g.count1 = s.h;
  g.c0 = like.batch0, g.c1 = like.batch1;
  return gemm(g);
}

/** S, in place, becomes P; returns the log-sum-exp of the n visible scores. */
float softmax_row(float* p, int64_t n, int64_t width, float scale) {
  V top = splat(-3e38f);
  int64_t j = 0;
  for (; j + W <= n; j += W) top = vmax(top, load(p + j));
  float max = hmax(top);
  for (; j < n; j++) max = p[j] > max ? p[j] : max;
  if (scale < 0) {  // the largest product belongs to the smallest score
    max = p[0];
    for (j = 1; j < n; j++) max = p[j] < max ? p[j] : max;
  }
  const float log2e = 1.44269504088896341f;
  const V c = splat(scale * log2e), m = splat(max);
  V sum{};
  for (j = 0; j < n; j += W) {
    const int w = int(n - j < W ? n - j : W);
    const V e = vexp2((load_part(p + j, w) - m) * c);
    store_part(p + j, e, w);
    sum += load_part(p + j, w);
  }
  const float total = hsum(sum);
  const V inverse = splat(n ? 1 / total : 0);
  for (j = 0; j < width; j += W) {
    const int w = int(width - j < W ? width - j : W), seen = int(n - j < 0 ? 0 : n - j < w ? n - j : w);
    store_part(p + j, load_part(p + j, seen) * inverse, w);
  }
  return n ? float(double(max) * double(scale) + __builtin_log(double(total))) : 0;
}

const char* forward(const Call& c) {
  const Sizes s(c);
  const Operand q = s.tokens(c.in[0].f(), s.Sq), k = s.tokens(c.in[1].f(), s.Sk), v = s.tokens(c.in[2].f(), s.Sk);
  float *P = c.out[2].f(), *lse = c.out[1].f();
  const char* err = product(s, s.Sq, s.Sk, s.d, q, k.transposed(), P, s.matrix(P));
  if (err) return err;
  parallel(s.rows, 1 + 16384 / s.Sk, [&](int64_t r, int64_t end, int) {
    for (; r < end; r++) lse[r] = softmax_row(P + r * s.Sk, s.keys(r), s.Sk, s.scale);
  });
  return product(s, s.Sq, s.d, s.Sk, s.matrix(P), v, c.out[0].f(), s.tokens(c.out[0].f(), s.Sq));
}

/** dP, in place, becomes dS = scale P (dP + dP of the output P - delta + dlse). */
void softmax_row_backward(const float* p, float* ds, const float* gp, int64_t n, float scale, float dlse) {
  V sum{};
  for (int64_t j = 0; j < n; j += W) {
    const int w = int(n - j < W ? n - j : W);
    V x = load_part(ds + j, w);
    if (gp) store_part(ds + j, x += load_part(gp + j, w), w);
    sum = fma(load_part(p + j, w), x, sum);
  }
  const V shift = splat(dlse - hsum(sum)), c = splat(scale);
  for (int64_t j = 0; j < n; j += W) {
    const int w = int(n - j < W ? n - j : W);
    store_part(ds + j, load_part(p + j, w) * (load_part(ds + j, w) + shift) * c, w);
  }
}

const char* backward(const Call& c) {
  const Sizes s(c);
  const float *P = c.out[2].f(), *glse = c.gout[1].f(), *gP = c.gout[2].f();
  const Operand q = s.tokens(c.in[0].f(), s.Sq), k = s.tokens(c.in[1].f(), s.Sk), v = s.tokens(c.in[2].f(), s.Sk);
  const Operand g = s.tokens(c.gout[0].f(), s.Sq), p = s.matrix(P);
  const char* err = nullptr;
  if (c.gin[2]) {
    float* dv = c.gin[2].f();
    if (g.p) err = product(s, s.Sk, s.d, s.Sq, p.transposed(), g, dv, s.tokens(dv, s.Sk));
    else __builtin_memset(dv, 0, size_t(c.gin[2].size()) * 4);
  }
  if (err || (!c.gin[0] && !c.gin[1])) return err;
  float* ds = static_cast<float*>(pool_alloc(size_t(s.rows * s.Sk) * 4));
  if (!ds) return "no memory is left for the gradient of the matrix: use flash-attention or a shorter length";
  if (g.p) err = product(s, s.Sq, s.Sk, s.d, g, v.transposed(), ds, p);
  else __builtin_memset(ds, 0, size_t(s.rows * s.Sk) * 4);
  if (!err) {
    // P is zero where a key is hidden, and so is dS: whole rows need no mask.
    parallel(s.rows, 1 + 16384 / s.Sk, [&](int64_t r, int64_t end, int) {
      for (; r < end; r++)
        softmax_row_backward(P + r * s.Sk, ds + r * s.Sk, gP ? gP + r * s.Sk : nullptr, s.Sk, s.scale,
                             glse ? glse[r] : 0);
    });
    if (c.gin[0]) err = product(s, s.Sq, s.d, s.Sk, s.matrix(ds), k, c.gin[0].f(), s.tokens(c.gin[0].f(), s.Sq));
    if (!err && c.gin[1])
      err = product(s, s.Sk, s.d, s.Sq, s.matrix(ds).transposed(), q, c.gin[1].f(), s.tokens(c.gin[1].f(), s.Sk));
  }
  pool_free(ds);
  return err;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("attention", "forward", longconv::forward)
LONGCONV_KERNEL("attention", "backward", longconv::backward)
