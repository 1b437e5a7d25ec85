// The column steps of a transform: R vectors a fixed stride apart, scalar factors, one small DFT.
// Forward reads a real row or complex rows, inverse writes the real part or complex rows.
#pragma once
#include "butterfly.h"
#include "plan.h"

namespace longconv {
namespace {

/** `blocks` blocks of R * q rows of `cols` vectors each; complex, row strides in floats; may be in place. */
template <int R>
void forward_step(const float* src, int64_t srow, float* dst, int64_t drow, int blocks, int q, int64_t cols,
                  const float* roots) {
  for (int b = 0; b < blocks; b++, roots += 2 * (R - 1))
    for (int i = 0; i < q; i++) {
      const float* s = src + int64_t(b * R * q + i) * srow;
      float* d = dst + int64_t(b * R * q + i) * drow;
      for (int64_t c = 0; c < cols; c++, s += 2 * W, d += 2 * W) {
        Cx x[R];
#pragma GCC unroll 8
        for (int k = 0; k < R; k++) {
          x[k] = loadc(s + k * q * srow);
          if (k) x[k] = mul(x[k], splat(roots[2 * k - 2]), splat(roots[2 * k - 1]));
        }
        dft<R>(x);
#pragma GCC unroll 8
        for (int k = 0; k < R; k++) storec(d + k * q * drow, x[k]);
      }
    }
}

template <int R>
void inverse_step(const float* src, int64_t srow, float* dst, int64_t drow, int blocks, int q, int64_t cols,
                  const float* roots) {
  for (int b = 0; b < blocks; b++, roots += 2 * (R - 1))
    for (int i = 0; i < q; i++) {
      const float* s = src + int64_t(b * R * q + i) * srow;
      float* d = dst + int64_t(b * R * q + i) * drow;
      for (int64_t c = 0; c < cols; c++, s += 2 * W, d += 2 * W) {
        Cx x[R];
#pragma GCC unroll 8
        for (int k = 0; k < R; k++) x[k] = loadc(s + k * q * srow);
        idft<R>(x);
#pragma GCC unroll 8
        for (int k = 0; k < R; k++) {
          if (k) x[k] = mul_conj(x[k], splat(roots[2 * k - 2]), splat(roots[2 * k - 1]));
          storec(d + k * q * drow, x[k]);
        }
      }
    }
}

/** A row of `len` reals, read or written as rows of `pitch` floats; what lies beyond `len` counts as zero. */
struct RealRow {
  float* data;
  int64_t len, pitch;
  bool stream;        // written past the caches: aligned, and too much to be found there again
  int64_t prefetch;   // floats to fetch ahead when read; 0: the hardware does it
};

__attribute__((noinline)) V load_edge(const float* p, int64_t left) {
  return left <= 0 ? V{} : left >= W ? load(p) : load_part(p, int(left));
}
__attribute__((noinline)) void store_edge(float* p, V a, int64_t left) {
  if (left >= W) store(p, a);
  else if (left > 0) store_part(p, a, int(left));
}

/** The first step of a real row: one block of R * q rows, columns [c0, c0 + cols). */
template <int R>
void forward_real(const RealRow& u, int64_t c0, float* dst, int64_t drow, int q, int64_t cols, const float* roots) {
  for (int i = 0; i < q; i++) {
    float* d = dst + i * drow;
    const int64_t step = q * u.pitch;
    int64_t e = i * u.pitch + c0 * W;
    for (int64_t c = 0; c < cols; c++, e += W, d += 2 * W) {
      V a[R];
      if (e + (R - 1) * step + W <= u.len) {
#pragma GCC unroll 8
        for (int k = 0; k < R; k++) a[k] = load(u.data + e + k * step);
        if (u.prefetch)
#pragma GCC unroll 8
          for (int k = 0; k < R; k++) __builtin_prefetch(u.data + e + k * step + u.prefetch, 0, 2);
      } else {
#pragma GCC unroll 8
        for (int k = 0; k < R; k++) a[k] = load_edge(u.data + e + k * step, u.len - (e + k * step));
      }
      Cx x[R];
      x[0] = {a[0], V{}};
#pragma GCC unroll 8
      for (int k = 1; k < R; k++) x[k] = {a[k] * splat(roots[2 * k - 2]), a[k] * splat(roots[2 * k - 1])};
      dft<R>(x);
#pragma GCC unroll 8
      for (int k = 0; k < R; k++) storec(d + k * q * drow, x[k]);
    }
  }
}

template <int R>
void inverse_real(const float* src, int64_t srow, int64_t c0, const RealRow& y, int q, int64_t cols,
                  const float* roots) {
  for (int i = 0; i < q; i++) {
    const float* s = src + i * srow;
    const int64_t step = q * y.pitch;
    int64_t e = i * y.pitch + c0 * W;
    for (int64_t c = 0; c < cols; c++, e += W, s += 2 * W) {
      Cx x[R];
#pragma GCC unroll 8
      for (int k = 0; k < R; k++) x[k] = loadc(s + k * q * srow);
      idft<R>(x);
      V a[R];
      a[0] = x[0].r;
#pragma GCC unroll 8
      for (int k = 1; k < R; k++) a[k] = x[k].r * splat(roots[2 * k - 2]) + x[k].i * splat(roots[2 * k - 1]);
      if (e + (R - 1) * step + W > y.len) {
#pragma GCC unroll 8
        for (int k = 0; k < R; k++) store_edge(y.data + e + k * step, a[k], y.len - (e + k * step));
      } else if (y.stream) {
#pragma GCC unroll 8
        for (int k = 0; k < R; k++) store_nt(y.data + e + k * step, a[k]);
      } else {
#pragma GCC unroll 8
        for (int k = 0; k < R; k++) store(y.data + e + k * step, a[k]);
      }
    }
  }
}

#define LC_RADIX(call)       \
  switch (radix) {           \
    case 2: call(2); break;  \
    case 3: call(3); break;  \
    case 4: call(4); break;  \
    case 5: call(5); break;  \
    default: call(8); break; \
  }

/**
 * Group `g` of block `block`, columns [c0, c1) (whole stripes). The source is `u` when given (then g = 0), else
 * the block itself at S. T: scratch of a stripe.
 */
inline void forward_columns(const Plan& p, int g, int64_t block, const RealRow* u, float* S, float* T, int64_t c0,
                            int64_t c1) {
  const Group& G0 = p.group[g];
  const int64_t width = G0.steps > 1 ? kStripe : c1 - c0, trow = kStripe * 2 * W;
  for (int64_t c = c0; c < c1; c += width) {
    int64_t nb = block;
    int q = G0.R, blocks = 1;
    for (int s = 0; s < G0.steps; s++) {
      const int radix = G0.radix[s];
      const float* roots = G0.roots[s] + nb * 2 * (radix - 1);
      const bool first = s == 0, last = s == G0.steps - 1;
      q /= radix;
      const float* src = first ? S + c * 2 * W : T;
      float* dst = last ? S + c * 2 * W : T;
      const int64_t srow = first ? G0.stride : trow, drow = last ? G0.stride : trow;
#define LC_REAL(R) forward_real<R>(*u, c, dst, drow, q, width, roots)
#define LC_CPLX(R) forward_step<R>(src, srow, dst, drow, blocks, q, width, roots)
      if (first && u) {
        LC_RADIX(LC_REAL)
      } else {
        LC_RADIX(LC_CPLX)
      }
#undef LC_REAL
#undef LC_CPLX
      nb *= radix, blocks *= radix;
    }
  }
}

/** The inverse of forward_columns; the real part goes to `y` when given, else everything back to S. */
inline void inverse_columns(const Plan& p, int g, int64_t block, const RealRow* y, float* S, float* T, int64_t c0,
                            int64_t c1) {
  const Group& G0 = p.group[g];
  const int64_t width = G0.steps > 1 ? kStripe : c1 - c0, trow = kStripe * 2 * W;
  for (int64_t c = c0; c < c1; c += width) {
    int64_t nb = block * G0.R;
    int q = 1, blocks = G0.R;
    for (int s = G0.steps - 1; s >= 0; s--) {
      const int radix = G0.radix[s];
      nb /= radix, blocks /= radix;
      const float* roots = G0.roots[s] + nb * 2 * (radix - 1);
      const bool first = s == G0.steps - 1, last = s == 0;
      const float* src = first ? S + c * 2 * W : T;
      float* dst = last ? S + c * 2 * W : T;
      const int64_t srow = first ? G0.stride : trow, drow = last ? G0.stride : trow;
#define LC_REAL(R) inverse_real<R>(src, srow, c, *y, q, width, roots)
#define LC_CPLX(R) inverse_step<R>(src, srow, dst, drow, blocks, q, width, roots)
      if (last && y) {
        LC_RADIX(LC_REAL)
      } else {
        LC_RADIX(LC_CPLX)
      }
#undef LC_REAL
#undef LC_CPLX
      q *= radix;
    }
  }
}

}  // namespace
}  // namespace longconv
