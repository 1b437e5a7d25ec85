// Gradients of the Cauchy sums over one tile of nodes after the other, and the chain rule to the stored parameters.
//
// With G the gradients of all sums at the nodes of a tile (op.ts), r = (alpha + i y beta)(p + i q) and 1/D = p + i q:
//   over nodes  G_alpha = sum_m p Re G + q Im G,   G_beta = sum_m y (p Im G - q Re G)
//   over sums   X = sum conj(alpha + i y beta) G,  G_D = -conj(1/D^2) X
//   over nodes  G_{|w|^2} = sum_m Re G_D,          G_{Re w} = sum_m -2 y Im G_D,    Y = sum_m y^2 Re G_D
// The sums depend on z/delta alone, so the step's gradient is that of -z d/dz: delta G_delta = 2 Y - Re w G_{Re w}
// - sum beta G_beta over all modes. The direct form, through v and w, would cancel for modes far above the nodes.
// Sums over the nodes of some tiles are kept in vectors of T, then added up in float64.
#pragma once
#include "cauchy.h"
#include "real-fft.h"

namespace longconv {
namespace {

constexpr int kMaxChannels = 64;

template <class T>
struct Accumulators {
  const Parameters& par;
  T *transposed, *up, *acc;  // coefficients (M x 2 pairs); planes Re G, Im G, y Im G, -y Re G; vectors of partial sums
  double* total;             // (M x 2 pairs) coefficients, then (M x 3) poles: |w|^2, Re w, Y

  explicit Accumulators(const Parameters& p) : par(p) {}
  int64_t plane() const { return par.pairs() * panel<T>; }
  int64_t count() const { return par.M * (2 * par.pairs() + 3); }
  void layout(Arena& a) {
    transposed = a.take<T>(par.M * 2 * par.pairs()), up = a.take<T>(4 * plane());
    acc = a.take<T>(count() * lanes<T>), total = a.take<double>(count());
  }
  void start(const T* coefficients) {
    for (int64_t i = 0; i < count(); i++) store_wide(acc + i * lanes<T>, Vec<T>{}), total[i] = 0;
    for (int64_t k = 0; k < par.M; k++)
      for (int64_t j = 0; j < 2 * par.pairs(); j++)
        transposed[k * 2 * par.pairs() + j] = coefficients[j * par.M + k];
  }
  void flush() {
    for (int64_t i = 0; i < count(); i++) {
      double sum = 0;
      for (int l = 0; l < lanes<T>; l++) sum += double(acc[i * lanes<T> + l]);
      total[i] += sum;
      store_wide(acc + i * lanes<T>, Vec<T>{});
    }
  }

  /** Gradients of all sums at the nodes v, v + 1, ... of the tile; `spectrum`: of the upstream gradient, at those nodes. */
  void sum_gradients(const Sums<T>& sums, int v, Vec<T> y, const float* spectrum, int64_t bins) {
    const int64_t columns = par.columns(), channels = par.channels, R = par.R;
    const Woodbury<T> low(par, sums, v, y);
    Complexes<T> g01[kMaxRank] = {}, g11[kMaxRank][kMaxRank] = {};
    for (int64_t c = 0; c < channels; c++) {
      Complexes<T> s;
      for (int i = 0; i < lanes<T>; i++) {
        s.re[i] = T(spectrum[2 * c * bins + i]);
        s.im[i] = T(spectrum[(2 * c + 1) * bins + i]);
      }
      s = s * Complexes<T>{splat_wide(T(1)), splat_wide(T(-0.5)) * y};
      put(c, v, y, s);
      for (int64_t b = 0; b < R; b++) {
        Complexes<T> yb = {Vec<T>{}, Vec<T>{}};
        for (int64_t a = 0; a < R; a++) yb = yb + low.G[b][a] * sums.at((1 + a) * columns + c, v, y);
        const Complexes<T> back = conj(yb) * s;
        g01[b] = g01[b] - back;
        for (int64_t a = 0; a < R; a++) g11[a][b] = g11[a][b] + conj(low.x[a]) * back;
      }
      for (int64_t a = 0; a < R; a++) put((1 + a) * columns + c, v, y, negative(conj(low.x[a]) * s));
    }
    for (int64_t b = 0; b < R; b++) {
      put(channels + b, v, y, g01[b]);
      for (int64_t a = 0; a < R; a++) put((1 + a) * columns + channels + b, v, y, g11[a][b]);
    }
  }

  /** Contracts the tile: p, q (M x panel) and the planes of `sum_gradients`. */
  void contract(const T* p, const T* q, const T* nodes) {
    const int64_t K = par.pairs();
    const T *re = up, *im = up + plane(), *y_im = im + plane(), *y_re = y_im + plane();
    for (int64_t k = 0; k < par.M; k++) {
      const T* coef = transposed + k * 2 * K;
      T* at_coef = acc + k * 2 * K * lanes<T>;
      T* at_pole = acc + (par.M * 2 * K + 3 * k) * lanes<T>;
      Vec<T> pr[kPanelVectors], qr[kPanelVectors], xr[kPanelVectors], xi[kPanelVectors];
      for (int v = 0; v < kPanelVectors; v++) {
        pr[v] = load_wide(p + k * panel<T> + v * lanes<T>), qr[v] = load_wide(q + k * panel<T> + v * lanes<T>);
        xr[v] = xi[v] = Vec<T>{};
      }
      for (int64_t j = 0; j < K; j++) {
        const Vec<T> alpha = splat_wide(coef[j]), beta = splat_wide(coef[K + j]);
        Vec<T> ga = load_wide(at_coef + j * lanes<T>), gb = load_wide(at_coef + (K + j) * lanes<T>);
        for (int v = 0; v < kPanelVectors; v++) {
          const int64_t at = j * panel<T> + v * lanes<T>;
          const Vec<T> gr = load_wide(re + at), gi = load_wide(im + at);
          const Vec<T> yi = load_wide(y_im + at), yr = load_wide(y_re + at);
          xr[v] = alpha * gr + (beta * yi + xr[v]);
          xi[v] = alpha * gi + (beta * yr + xi[v]);
          ga = pr[v] * gr + (qr[v] * gi + ga);
          gb = pr[v] * yi + (qr[v] * yr + gb);
        }
        store_wide(at_coef + j * lanes<T>, ga), store_wide(at_coef + (K + j) * lanes<T>, gb);
      }
      Vec<T> g_size = load_wide(at_pole), g_re = load_wide(at_pole + lanes<T>);
      Vec<T> g_y = load_wide(at_pole + 2 * lanes<T>);
      for (int v = 0; v < kPanelVectors; v++) {
        const Vec<T> y = load_wide(nodes + v * lanes<T>);
        const Vec<T> sr = pr[v] * pr[v] - qr[v] * qr[v], si = splat_wide(T(2)) * pr[v] * qr[v];
        const Vec<T> re_D = sr * xr[v] + si * xi[v];
        g_size -= re_D;
        g_y -= y * y * re_D;
        g_re += splat_wide(T(2)) * y * (sr * xi[v] - si * xr[v]);
      }
      store_wide(at_pole, g_size), store_wide(at_pole + lanes<T>, g_re), store_wide(at_pole + 2 * lanes<T>, g_y);
    }
  }

 private:
  void put(int64_t pair, int v, Vec<T> y, Complexes<T> g) {
    T* at = up + pair * panel<T> + v;
    store_wide(at, g.re), store_wide(at + plane(), g.im);
    store_wide(at + 2 * plane(), y * g.im), store_wide(at + 3 * plane(), Vec<T>{} - y * g.re);
  }
};

/** Float64 gradients of one feature, in the order in which they are summed over features. */
struct Gradient {
  double *B, *P, *re, *im, *delta;
  static int64_t doubles(const Parameters& p) { return p.M * (2 + 2 * p.R + 2) + 1; }
  Gradient(double* room, const Parameters& p) {
    B = room, P = B + 2 * p.M, re = P + 2 * p.R * p.M, im = re + p.M, delta = im + p.M;
  }
};

/** Chain rule from the coefficients and poles to the stored parameters of feature h. */
static void feature_gradient(const Parameters& p, int64_t h, const double* g_coef, const double* g_pole,
                             const double* g_nyquist, Gradient out, float* g_C) {
  const int64_t K = p.pairs(), columns = p.columns();
  const double delta = p.delta(h);
  double g_delta = 0;  // delta G_delta
  for (int64_t k = 0; k < p.M; k++) {
    const C64 lambda = p.lambda(h, k), w = lambda * delta;
    // |w|^2 and Re w as they stand in D
    C64 g_w = {2 * w.re * g_pole[3 * k] + g_pole[3 * k + 1], 2 * w.im * g_pole[3 * k]};
    g_delta += 2 * g_pole[3 * k + 2] - w.re * g_pole[3 * k + 1];
    C64 g_row[1 + kMaxRank] = {}, g_low[kMaxRank] = {};
    for (int64_t b = 0; b < columns; b++) {
      C64 g_column = {0, 0};
      for (int64_t a = 0; a < p.rows(); a++) {
        const C64 left = p.row(a, h, k), right = p.column(b, h, k), v = left * right * delta;
        const double g_alpha = g_coef[k * 2 * K + a * columns + b], g_beta = g_coef[k * 2 * K + K + a * columns + b];
        C64 g_v = {-2 * w.re * g_alpha + 2 * g_beta, -2 * w.im * g_alpha};
        g_w = g_w + v * (-2 * g_alpha);
        g_delta -= 2 * v.re * g_beta;
        if (a == 0 && b < p.channels) g_v.re += g_nyquist[b], g_delta += v.re * g_nyquist[b];
        g_row[a] = g_row[a] + conj(right * delta) * g_v;
        g_column = g_column + conj(left * delta) * g_v;
      }
      if (b >= p.channels) g_low[b - p.channels] = conj(g_column);
      else if (g_C) {
        float* at = g_C + 2 * ((b * p.H + h) * p.M + k);
        at[0] = float(g_column.re), at[1] = float(g_column.im);
      }
    }
    out.B[2 * k] = g_row[0].re, out.B[2 * k + 1] = g_row[0].im;
    for (int64_t r = 0; r < p.R; r++) {
      const C64 g = g_row[1 + r] + g_low[r];
      out.P[2 * (r * p.M + k)] = g.re, out.P[2 * (r * p.M + k) + 1] = g.im;
    }
    out.re[k] = delta * g_w.re * lambda.re;
    out.im[k] = -delta * g_w.im;
  }
  *out.delta = g_delta;
}

/** to[i] = sum over the features that share copy s of their gradients' element offset + i. */
static void gather(const Parameters& p, int64_t s, const double* all, int64_t each, int64_t offset, int64_t n,
                   float* to) {
  for (int64_t i = 0; i < n; i++) {
    double sum = 0;
    for (int64_t h = s; h < p.H; h += p.S) sum += all[h * each + offset + i];
    to[i] = float(sum);
  }
}

}  // namespace
}  // namespace longconv
