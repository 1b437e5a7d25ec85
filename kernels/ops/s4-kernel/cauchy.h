// Cauchy sums of conjugate pairs of modes over a tile of nodes on the imaginary axis.
//
// At the node z = i y a pair of modes w, conj(w) with coefficient v contributes
//   v/(z - w) + conj(v)/(z - conj w) = (alpha + i y beta) / D,
//   alpha = -2 Re(v conj w),  beta = 2 Re v,  D = |w|^2 - y^2 - 2 i y Re w,
// so with 1/D = p + i q all sums of a feature are two small real matrix products, [alpha; beta] p and [alpha; beta] q.
// |w|^2 - y^2 = (|w| - y)(|w| + y) cancels where a mode resonates: |w| and y are held as sums of two floats.
#pragma once
#include <math.h>

#include "kernel.h"
#include "panel-product.h"

namespace longconv {
namespace {

struct C64 {
  double re, im;
};
static inline C64 operator+(C64 a, C64 b) { return {a.re + b.re, a.im + b.im}; }
static inline C64 operator*(C64 a, C64 b) { return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }
static inline C64 operator*(C64 a, double s) { return {a.re * s, a.im * s}; }
static inline C64 conj(C64 a) { return {a.re, -a.im}; }

struct Complexes {  // W complex numbers
  V re, im;
};
LC_INLINE Complexes operator+(Complexes a, Complexes b) { return {a.re + b.re, a.im + b.im}; }
LC_INLINE Complexes operator-(Complexes a, Complexes b) { return {a.re - b.re, a.im - b.im}; }
LC_INLINE Complexes operator*(Complexes a, Complexes b) {
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}
LC_INLINE Complexes operator*(Complexes a, V s) { return {a.re * s, a.im * s}; }
LC_INLINE Complexes conj(Complexes a) { return {a.re, V{} - a.im}; }
LC_INLINE Complexes inverse(Complexes a) { return conj(a) * (splat(1) / (a.re * a.re + a.im * a.im)); }

constexpr int kMaxRank = 4;

struct Parameters {
  const float *inv_dt, *a_real, *a_imag, *P, *B, *C;
  int64_t channels, H, S, M, R, n;  // n: internal length
  int64_t rows() const { return 1 + R; }
  int64_t columns() const { return channels + R; }
  int64_t pairs() const { return rows() * columns(); }
  double delta(int64_t h) const { return exp(double(inv_dt[h])); }
  C64 lambda(int64_t h, int64_t k) const {
    const int64_t i = (h % S) * M + k;
    return {-exp(double(a_real[i])), -double(a_imag[i])};
  }
  /** Row a: B, then every P_r. */
  C64 row(int64_t a, int64_t h, int64_t k) const {
    const float* p = (a == 0 ? B : P + 2 * (a - 1) * S * M) + 2 * ((h % S) * M + k);
    return {p[0], p[1]};
  }
  /** Column b: every C, then every conj(P_r). */
  C64 column(int64_t b, int64_t h, int64_t k) const {
    if (b >= channels) return conj(row(1 + b - channels, h, k));
    const float* p = C + 2 * ((b * H + h) * M + k);
    return {p[0], p[1]};
  }
};

static inline Parameters parameters(const Call& c) {
  const Tensor &a = c.in[1], &C = c.in[5];
  return {c.in[0].f(), a.f(),     c.in[2].f(), c.in[3].f(), c.in[4].f(),      C.f(),
          C.dim[0],    C.dim[1], a.dim[0],    a.dim[1],    c.in[3].dim[0], int64_t(c.attr[0])};
}

/** The nodes y_m = 2 tan(pi m/n), m < n/2, as sums of two floats; padded to whole tiles by copies of the last. */
struct Nodes {
  int64_t count, padded;
  float *high, *low;
  void layout_sizes(int64_t n) {
    count = (n + 1) / 2;
    padded = (count + kPanel - 1) / kPanel * kPanel;
  }
  void fill(int64_t n) const {
    float *h = high, *l = low;
    const int64_t last = count - 1;
    parallel(padded, 2048, [=](int64_t m, int64_t end, int) {
      for (; m < end; m++) {
        double y = 2 * tan(3.14159265358979323846 * double(m < last ? m : last) / double(n));
        h[m] = float(y), l[m] = float(y - double(h[m]));
      }
    });
  }
};

/** A feature's poles and coefficients in float32. `coefficients`: rows alpha of all pairs, then beta; (2 pairs x M). */
struct Feature {
  float *size_high, *size_low, *re2, *coefficients;

  static int64_t floats(const Parameters& p) { return 3 * p.M + 2 * p.pairs() * p.M; }
  Feature(const Parameters& p, int64_t h, float* room) {
    size_high = room, size_low = room + p.M, re2 = room + 2 * p.M, coefficients = room + 3 * p.M;
    const double delta = p.delta(h);
    const int64_t K = p.pairs();
    for (int64_t k = 0; k < p.M; k++) {
      const C64 w = p.lambda(h, k) * delta;
      const double size = sqrt(w.re * w.re + w.im * w.im);
      size_high[k] = float(size), size_low[k] = float(size - double(size_high[k]));
      re2[k] = float(2 * w.re);
      for (int64_t a = 0; a < p.rows(); a++) {
        const C64 left = p.row(a, h, k) * delta;
        for (int64_t b = 0; b < p.columns(); b++) {
          const C64 v = left * p.column(b, h, k);
          const int64_t at = a * p.columns() + b;
          coefficients[at * p.M + k] = float(-2 * (v.re * w.re + v.im * w.im));
          coefficients[(K + at) * p.M + k] = float(2 * v.re);
        }
      }
    }
  }

  /** 1/D = p + i q of every mode over one tile of nodes: two panels (M x kPanel). */
  void poles(const Nodes& nodes, int64_t m, int64_t M, float* p, float* q) const {
    for (int v = 0; v < kPanel; v += W) {
      const V yh = load(nodes.high + m + v), yl = load(nodes.low + m + v);
      for (int64_t k = 0; k < M; k++) {
        const V size = splat(size_high[k]);
        const V re = ((size - yh) + (splat(size_low[k]) - yl)) * (size + yh);
        const V im = yh * splat(re2[k]);  // -Im D
        const V inv = splat(1) / (re * re + im * im);
        store(p + k * kPanel + v, re * inv);
        store(q + k * kPanel + v, im * inv);
      }
    }
  }
};

/** The Cauchy sums at W nodes, from the products [alpha; beta] p and [alpha; beta] q of a tile. */
struct Sums {
  const float *p, *q;  // (2 pairs x kPanel) each
  int64_t pairs;
  static inline __attribute__((always_inline)) Complexes at(const Sums& s, int64_t pair, int v, V y) {
    const V ap = load(s.p + pair * kPanel + v), aq = load(s.q + pair * kPanel + v);
    const V bp = load(s.p + (s.pairs + pair) * kPanel + v), bq = load(s.q + (s.pairs + pair) * kPanel + v);
    return {ap - y * bq, aq + y * bp};
  }
};

/** Inverse of I + r_PP* at W nodes, by Gauss-Jordan: its Hermitian part is at least I, so no pivoting is needed. */
LC_INLINE void woodbury_inverse(Complexes (&G)[kMaxRank][kMaxRank], int64_t R) {
  for (int64_t k = 0; k < R; k++) {
    const Complexes d = inverse(G[k][k]);
    G[k][k] = {splat(1), V{}};
    for (int64_t j = 0; j < R; j++) G[k][j] = G[k][j] * d;
    for (int64_t i = 0; i < R; i++) {
      if (i == k) continue;
      const Complexes f = G[i][k];
      G[i][k] = {V{}, V{}};
      for (int64_t j = 0; j < R; j++) G[i][j] = G[i][j] - f * G[k][j];
    }
  }
}

}  // namespace
}  // namespace longconv
