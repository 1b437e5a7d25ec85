// Cauchy sums of conjugate pairs of modes over a tile of nodes on the imaginary axis.
//
// At the node z = i y a pair of modes w, conj(w) with coefficient v contributes
//   v/(z - w) + conj(v)/(z - conj w) = (alpha + i y beta) / D,
//   alpha = -2 Re(v conj w),  beta = 2 Re v,  D = |w|^2 - y^2 - 2 i y Re w,
// so with 1/D = p + i q all sums of a feature are two small real matrix products, [alpha; beta] p and [alpha; beta] q.
// |w|^2 - y^2 = (|w| - y)(|w| + y) cancels where a mode resonates: |w| and y are held as sums of two numbers.
// Everything is in T: float, or double where float32 would lose too much to the low-rank correction.
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

/** A vector of complex numbers. */
template <class T>
struct Complexes {
  Vec<T> re, im;
};
template <class T>
LC_INLINE Complexes<T> operator+(Complexes<T> a, Complexes<T> b) {
  return {a.re + b.re, a.im + b.im};
}
template <class T>
LC_INLINE Complexes<T> operator-(Complexes<T> a, Complexes<T> b) {
  return {a.re - b.re, a.im - b.im};
}
template <class T>
LC_INLINE Complexes<T> operator*(Complexes<T> a, Complexes<T> b) {
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}
template <class T>
LC_INLINE Complexes<T> conj(Complexes<T> a) {
  return {a.re, Vec<T>{} - a.im};
}
template <class T>
LC_INLINE Complexes<T> negative(Complexes<T> a) {
  return {Vec<T>{} - a.re, Vec<T>{} - a.im};
}
template <class T>
LC_INLINE Complexes<T> inverse(Complexes<T> a) {
  const Vec<T> s = splat_wide(T(1)) / (a.re * a.re + a.im * a.im);
  return {a.re * s, (Vec<T>{} - a.im) * s};
}

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

/** The nodes y_m = 2 tan(pi m/n), m < n/2, as sums of two T; padded to whole tiles by copies of the last. */
template <class T>
struct Nodes {
  int64_t count, padded;
  T *high, *low;

  explicit Nodes(int64_t n) : count((n + 1) / 2), padded((count + kPanel - 1) / kPanel * kPanel) {}
  void fill(int64_t n) const {
    T *h = high, *l = low;
    const int64_t last = count - 1;
    parallel(padded, 2048, [=](int64_t m, int64_t end, int) {
      for (; m < end; m++) {
        double y = 2 * tan(3.14159265358979323846 * double(m < last ? m : last) / double(n));
        h[m] = T(y), l[m] = T(y - double(h[m]));
      }
    });
  }
};

/** A feature's poles and coefficients. `coefficients`: rows alpha of all pairs, then beta; (2 pairs x M). */
template <class T>
struct Feature {
  T *size_high, *size_low, *re2, *coefficients;

  static int64_t elements(const Parameters& p) { return 3 * p.M + 2 * p.pairs() * p.M; }
  Feature(const Parameters& p, int64_t h, T* room) {
    size_high = room, size_low = room + p.M, re2 = room + 2 * p.M, coefficients = room + 3 * p.M;
    const double delta = p.delta(h);
    const int64_t K = p.pairs();
    for (int64_t k = 0; k < p.M; k++) {
      const C64 w = p.lambda(h, k) * delta;
      const double size = sqrt(w.re * w.re + w.im * w.im);
      size_high[k] = T(size), size_low[k] = T(size - double(size_high[k]));
      re2[k] = T(2 * w.re);
      for (int64_t a = 0; a < p.rows(); a++) {
        const C64 left = p.row(a, h, k) * delta;
        for (int64_t b = 0; b < p.columns(); b++) {
          const C64 v = left * p.column(b, h, k);
          const int64_t at = a * p.columns() + b;
          coefficients[at * p.M + k] = T(-2 * (v.re * w.re + v.im * w.im));
          coefficients[(K + at) * p.M + k] = T(2 * v.re);
        }
      }
    }
  }

  /** 1/D = p + i q of every mode over one tile of nodes: two panels (M x panel). */
  void poles(const Nodes<T>& nodes, int64_t m, int64_t M, T* p, T* q) const {
    for (int v = 0; v < panel<T>; v += lanes<T>) {
      const Vec<T> yh = load_wide(nodes.high + m + v), yl = load_wide(nodes.low + m + v);
      for (int64_t k = 0; k < M; k++) {
        const Vec<T> size = splat_wide(size_high[k]);
        const Vec<T> re = ((size - yh) + (splat_wide(size_low[k]) - yl)) * (size + yh);
        const Vec<T> im = yh * splat_wide(re2[k]);  // -Im D
        const Vec<T> inv = splat_wide(T(1)) / (re * re + im * im);
        store_wide(p + k * panel<T> + v, re * inv);
        store_wide(q + k * panel<T> + v, im * inv);
      }
    }
  }
};

/** The Cauchy sums of a tile: the products [alpha; beta] p and [alpha; beta] q, (2 pairs x panel) each. */
template <class T>
struct Sums {
  T *p, *q;
  int64_t pairs;
  /** Of one pair at the nodes v, v + 1, ... of the tile, whose y is given. */
  Complexes<T> at(int64_t pair, int v, Vec<T> y) const {
    const Vec<T> ap = load_wide(p + pair * panel<T> + v), aq = load_wide(q + pair * panel<T> + v);
    const Vec<T> bp = load_wide(p + (pairs + pair) * panel<T> + v), bq = load_wide(q + (pairs + pair) * panel<T> + v);
    return {ap - y * bq, aq + y * bp};
  }
};

/** The low-rank correction at a vector of nodes. */
template <class T>
struct Woodbury {
  Complexes<T> G[kMaxRank][kMaxRank];  // (I + r_PP*)^{-1}
  Complexes<T> x[kMaxRank];            // r_BP* (I + r_PP*)^{-1}

  inline __attribute__((always_inline)) Woodbury(const Parameters& par, const Sums<T>& sums, int v, Vec<T> y) {
    const int64_t columns = par.columns();
    for (int64_t a = 0; a < par.R; a++)
      for (int64_t b = 0; b < par.R; b++) {
        G[a][b] = sums.at((1 + a) * columns + par.channels + b, v, y);
        if (a == b) G[a][b].re += splat_wide(T(1));
      }
    invert(par.R);
    for (int64_t a = 0; a < par.R; a++) {
      x[a] = {Vec<T>{}, Vec<T>{}};
      for (int64_t b = 0; b < par.R; b++) x[a] = x[a] + sums.at(par.channels + b, v, y) * G[b][a];
    }
  }

 private:
  /** Gauss-Jordan: the Hermitian part of I + r_PP* is at least I, so no pivoting is needed. */
  inline __attribute__((always_inline)) void invert(int64_t R) {
    for (int64_t k = 0; k < R; k++) {
      const Complexes<T> d = inverse(G[k][k]);
      G[k][k] = {splat_wide(T(1)), Vec<T>{}};
      for (int64_t j = 0; j < R; j++) G[k][j] = G[k][j] * d;
      for (int64_t i = 0; i < R; i++) {
        if (i == k) continue;
        const Complexes<T> f = G[i][k];
        G[i][k] = {Vec<T>{}, Vec<T>{}};
        for (int64_t j = 0; j < R; j++) G[i][j] = G[i][j] - f * G[k][j];
      }
    }
  }
};

}  // namespace
}  // namespace longconv
