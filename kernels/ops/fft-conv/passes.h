// The steps of a transform: on each column R vectors a fixed stride apart, scalar factors, one small DFT.
// Forward reads a real row or complex rows, inverse writes the real part or complex rows.
#pragma once
#include "butterfly.h"
#include "plan.h"

namespace longconv {
namespace {

/** R rows of `cols` complex vectors, `stride` floats apart, in place. */
template <int R>
void forward_step(float* s, int64_t stride, int64_t cols, const float* roots) {
  for (int64_t c = 0; c < cols; c++, s += 2 * W) {
    Cx x[R];
#pragma GCC unroll 8
    for (int k = 0; k < R; k++) {
      x[k] = loadc(s + k * stride);
      if (k) x[k] = mul(x[k], splat(roots[2 * k - 2]), splat(roots[2 * k - 1]));
    }
    dft<R>(x);
#pragma GCC unroll 8
    for (int k = 0; k < R; k++) storec(s + k * stride, x[k]);
  }
}

template <int R>
void inverse_step(float* s, int64_t stride, int64_t cols, const float* roots) {
  for (int64_t c = 0; c < cols; c++, s += 2 * W) {
    Cx x[R];
#pragma GCC unroll 8
    for (int k = 0; k < R; k++) x[k] = loadc(s + k * stride);
    idft<R>(x);
#pragma GCC unroll 8
    for (int k = 0; k < R; k++) {
      if (k) x[k] = mul_conj(x[k], splat(roots[2 * k - 2]), splat(roots[2 * k - 1]));
      storec(s + k * stride, x[k]);
    }
  }
}

/** A row of `len` reals, seen as rows of `pitch`; what lies beyond `len` counts as zero and is not written. */
struct RealRow {
  float* data;
  int64_t len, pitch;
  bool stream;  // written past the caches: aligned, and too much to be found there again
};

__attribute__((noinline)) V load_edge(const float* p, int64_t left) {
  return left <= 0 ? V{} : left >= W ? load(p) : load_part(p, int(left));
}
__attribute__((noinline)) void store_edge(float* p, V a, int64_t left) {
  if (left >= W) store(p, a);
  else if (left > 0) store_part(p, a, int(left));
}

/** The first step: R rows of a real row to complex ones; columns [c0, c1). */
template <int R>
void forward_real(const RealRow& u, float* s, int64_t stride, int64_t c0, int64_t c1, const float* roots) {
  s += c0 * 2 * W;
  for (int64_t e = c0 * W; e < c1 * W; e += W, s += 2 * W) {
    V a[R];
    if (e + (R - 1) * u.pitch + W <= u.len) {
#pragma GCC unroll 8
      for (int k = 0; k < R; k++) a[k] = load(u.data + e + k * u.pitch);
    } else {
#pragma GCC unroll 8
      for (int k = 0; k < R; k++) a[k] = load_edge(u.data + e + k * u.pitch, u.len - (e + k * u.pitch));
    }
    Cx x[R];
    x[0] = {a[0], V{}};
#pragma GCC unroll 8
    for (int k = 1; k < R; k++) x[k] = {a[k] * splat(roots[2 * k - 2]), a[k] * splat(roots[2 * k - 1])};
    dft<R>(x);
#pragma GCC unroll 8
    for (int k = 0; k < R; k++) storec(s + k * stride, x[k]);
  }
}

/** The last inverse step: the real part of R complex rows to a real row; columns [c0, c1). */
template <int R>
void inverse_real(const float* s, int64_t stride, const RealRow& y, int64_t c0, int64_t c1, const float* roots) {
  s += c0 * 2 * W;
  for (int64_t e = c0 * W; e < c1 * W; e += W, s += 2 * W) {
    Cx x[R];
#pragma GCC unroll 8
    for (int k = 0; k < R; k++) x[k] = loadc(s + k * stride);
    idft<R>(x);
    V a[R];
    a[0] = x[0].r;
#pragma GCC unroll 8
    for (int k = 1; k < R; k++) a[k] = x[k].r * splat(roots[2 * k - 2]) + x[k].i * splat(roots[2 * k - 1]);
    if (e + (R - 1) * y.pitch + W > y.len) {
#pragma GCC unroll 8
      for (int k = 0; k < R; k++) store_edge(y.data + e + k * y.pitch, a[k], y.len - (e + k * y.pitch));
    } else if (y.stream) {
#pragma GCC unroll 8
      for (int k = 0; k < R; k++) store_nt(y.data + e + k * y.pitch, a[k]);
    } else {
#pragma GCC unroll 8
      for (int k = 0; k < R; k++) store(y.data + e + k * y.pitch, a[k]);
    }
  }
}

#define LC_RADIX(radix, call) \
  switch (radix) {            \
    case 2: call(2); break;   \
    case 3: call(3); break;   \
    case 4: call(4); break;   \
    case 5: call(5); break;   \
    default: call(8); break;  \
  }

/** Step `i` of block `block` at S, columns [c0, c1); from the real row `u` when given (then i = 0). */
inline void forward_columns(const Plan& p, int i, int64_t block, const RealRow* u, float* S, int64_t c0, int64_t c1) {
  const Step& t = p.step[i];
  const float* roots = t.roots + block * 2 * (t.radix - 1);
#define LC_REAL(R) forward_real<R>(*u, S, t.stride, c0, c1, roots)
#define LC_COMPLEX(R) forward_step<R>(S + c0 * 2 * W, t.stride, c1 - c0, roots)
  if (u) {
    LC_RADIX(t.radix, LC_REAL)
  } else {
    LC_RADIX(t.radix, LC_COMPLEX)
  }
#undef LC_REAL
#undef LC_COMPLEX
}

/** Undoes forward_columns; only the real part, into `y`, when given. */
inline void inverse_columns(const Plan& p, int i, int64_t block, const RealRow* y, float* S, int64_t c0, int64_t c1) {
  const Step& t = p.step[i];
  const float* roots = t.roots + block * 2 * (t.radix - 1);
#define LC_REAL(R) inverse_real<R>(S, t.stride, *y, c0, c1, roots)
#define LC_COMPLEX(R) inverse_step<R>(S + c0 * 2 * W, t.stride, c1 - c0, roots)
  if (y) {
    LC_RADIX(t.radix, LC_REAL)
  } else {
    LC_RADIX(t.radix, LC_COMPLEX)
  }
#undef LC_REAL
#undef LC_COMPLEX
}

}  // namespace
}  // namespace longconv
