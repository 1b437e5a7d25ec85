// Kernel of a diagonal plus low-rank state space by its generating function (op.ts).
//
// Cost: per feature, mode and node 12 flops for the pole and 8 for each of the (1+R)(channels+R) Cauchy sums, three
// times that backward; a real FFT per channel. Compute bound.
// Strategy: one feature is one unit of work; its parameters are transformed in float64. Nodes go by tiles of a panel:
// poles 1/D once (cauchy.h), all sums as a small matrix product from L1, the low-rank correction in registers, then the
// inverse transform of the whole spectrum (real-fft.h). Backward recomputes the sums of a tile and contracts the tile
// three ways: over modes (the sums), over sums (the pole's gradient), over nodes (the coefficients' gradients).
// attr: internal length.
#include "cauchy.h"
#include "real-fft.h"

namespace longconv {
namespace {

/** What all features share: nodes and transform tables. */
struct Tables {
  Nodes nodes;
  RealFft fft;

  explicit Tables(int64_t n) {
    nodes.layout_sizes(n);
    Arena sizes = {nullptr, 0};
    layout(sizes, n);
    Arena arena = {static_cast<char*>(scratch(0, 8, sizes.used)), 0};
    layout(arena, n);
    nodes.fill(n);
    fft.fill(static_cast<float*>(scratch(0, 9, size_t(fft.work()) * 4)));
  }
  void layout(Arena& arena, int64_t n) {
    nodes.high = arena.floats(nodes.padded), nodes.low = arena.floats(nodes.padded);
    fft.layout(arena, n);
  }
};

/** Work space of one feature on one thread. */
struct Room {
  float *feature, *p, *q, *sum_p, *sum_q, *spectrum, *time, *fft;
  Room(const Parameters& par, const Tables& t, int thread) {
    Arena sizes = {nullptr, 0};
    layout(sizes, par, t);
    Arena arena = {static_cast<char*>(scratch(thread, 0, sizes.used)), 0};
    layout(arena, par, t);
  }
  void layout(Arena& a, const Parameters& par, const Tables& t) {
    feature = a.floats(Feature::floats(par));
    p = a.floats(par.M * kPanel), q = a.floats(par.M * kPanel);
    sum_p = a.floats(2 * par.pairs() * kPanel), sum_q = a.floats(2 * par.pairs() * kPanel);
    spectrum = a.floats(par.channels * bins(t) * 2);
    time = a.floats(par.n), fft = a.floats(t.fft.work());
  }
  static int64_t bins(const Tables& t) { return t.nodes.padded + W; }
  float* re(const Tables& t, int64_t c) const { return spectrum + 2 * c * bins(t); }
  float* im(const Tables& t, int64_t c) const { return re(t, c) + bins(t); }
};

LC_INLINE Complexes sum_at(const Room& r, int64_t pairs, int64_t pair, int v, V y) {
  return Sums::at({r.sum_p, r.sum_q, pairs}, pair, v, y);
}

/** Re sum_half delta B C: the bin n/2. */
static double nyquist(const Parameters& p, int64_t h, int64_t c) {
  C64 sum = {0, 0};
  for (int64_t k = 0; k < p.M; k++) sum = sum + p.row(0, h, k) * p.column(c, h, k);
  return sum.re * p.delta(h);
}

/** I + r_PP* inverted, and x = r_BP* (I + r_PP*)^{-1}, at W nodes. */
LC_INLINE void low_rank(const Parameters& p, const Room& room, int v, V y, Complexes (&G)[kMaxRank][kMaxRank],
                        Complexes (&x)[kMaxRank]) {
  const int64_t columns = p.columns(), K = p.pairs();
  for (int64_t a = 0; a < p.R; a++)
    for (int64_t b = 0; b < p.R; b++) {
      G[a][b] = sum_at(room, K, (1 + a) * columns + p.channels + b, v, y);
      if (a == b) G[a][b].re += splat(1);
    }
  woodbury_inverse(G, p.R);
  for (int64_t a = 0; a < p.R; a++) {
    x[a] = {V{}, V{}};
    for (int64_t b = 0; b < p.R; b++) x[a] = x[a] + sum_at(room, K, p.channels + b, v, y) * G[b][a];
  }
}

static void sums_of_tile(const Parameters& p, const Feature& f, const Nodes& nodes, int64_t m, const Room& room) {
  f.poles(nodes, m, p.M, room.p, room.q);
  panel_product(f.coefficients, p.M, 2 * p.pairs(), room.p, p.M, room.sum_p, kPanel);
  panel_product(f.coefficients, p.M, 2 * p.pairs(), room.q, p.M, room.sum_q, kPanel);
}

const char* forward(const Call& call) {
  const Parameters p = parameters(call);
  const Tables t(p.n);
  float* K = call.out[0].f();
  const int64_t length = call.out[0].dim[2], columns = p.columns();
  parallel(p.H, 1, [&](int64_t h, int64_t end, int thread) {
    for (; h < end; h++) {
      const Room room(p, t, thread);
      const Feature f(p, h, room.feature);
      for (int64_t m = 0; m < t.nodes.padded; m += kPanel) {
        sums_of_tile(p, f, t.nodes, m, room);
        for (int v = 0; v < kPanel; v += W) {
          const V y = load(t.nodes.high + m + v);
          Complexes G[kMaxRank][kMaxRank], x[kMaxRank];
          low_rank(p, room, v, y, G, x);
          for (int64_t c = 0; c < p.channels; c++) {
            Complexes value = sum_at(room, p.pairs(), c, v, y);
            for (int64_t a = 0; a < p.R; a++)
              value = value - x[a] * sum_at(room, p.pairs(), (1 + a) * columns + c, v, y);
            value = value * Complexes{splat(1), y * splat(0.5f)};
            store(room.re(t, c) + m + v, value.re);
            store(room.im(t, c) + m + v, value.im);
          }
        }
      }
      for (int64_t c = 0; c < p.channels; c++) {
        if (p.n % 2 == 0) room.re(t, c)[p.n / 2] = float(nyquist(p, h, c));
        t.fft.inverse(room.re(t, c), room.im(t, c), room.time, room.fft);
        memcpy(K + (c * p.H + h) * length, room.time, size_t(length) * 4);
      }
    }
  });
  return nullptr;
}

/** Adds the vector accumulators to the float64 totals and clears them. */
static void flush(V* acc, double* total, int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    total[i] += double(hsum(acc[i]));
    acc[i] = V{};
  }
}

/** Gradients of all sums at one tile: (pairs x kPanel) planes G re, G im, y G im, -y G re. */
static void sum_gradients(const Parameters& p, const Tables& t, const Room& room, int64_t m, float* up) {
  const int64_t K = p.pairs(), columns = p.columns(), plane = K * kPanel;
  for (int v = 0; v < kPanel; v += W) {
    const V y = load(t.nodes.high + m + v);
    Complexes G[kMaxRank][kMaxRank], x[kMaxRank], g01[kMaxRank] = {}, g11[kMaxRank][kMaxRank] = {};
    low_rank(p, room, v, y, G, x);
    auto put = [&](int64_t pair, Complexes g) {
      float* at = up + pair * kPanel + v;
      store(at, g.re), store(at + plane, g.im);
      store(at + 2 * plane, y * g.im), store(at + 3 * plane, V{} - y * g.re);
    };
    for (int64_t c = 0; c < p.channels; c++) {
      const Complexes k = {load(room.re(t, c) + m + v), load(room.im(t, c) + m + v)};
      const Complexes s = Complexes{splat(1), splat(-0.5f) * y} * k;
      put(c, s);
      for (int64_t b = 0; b < p.R; b++) {
        Complexes yb = {V{}, V{}};
        for (int64_t a = 0; a < p.R; a++) yb = yb + G[b][a] * sum_at(room, K, (1 + a) * columns + c, v, y);
        const Complexes back = conj(yb) * s;
        g01[b] = g01[b] - back;
        for (int64_t a = 0; a < p.R; a++) g11[a][b] = g11[a][b] + conj(x[a]) * back;
      }
      for (int64_t a = 0; a < p.R; a++) {
        const Complexes back = conj(x[a]) * s;
        put((1 + a) * columns + c, {V{} - back.re, V{} - back.im});
      }
    }
    for (int64_t b = 0; b < p.R; b++) {
      put(p.channels + b, g01[b]);
      for (int64_t a = 0; a < p.R; a++) put((1 + a) * columns + p.channels + b, g11[a][b]);
    }
  }
}

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
  double g_delta = 0;
  for (int64_t k = 0; k < p.M; k++) {
    const C64 lambda = p.lambda(h, k), w = lambda * delta;
    // |w|^2 and Re w as they stand in D
    C64 g_w = {2 * w.re * g_pole[2 * k] + g_pole[2 * k + 1], 2 * w.im * g_pole[2 * k]};
    C64 g_row[1 + kMaxRank] = {}, g_low[kMaxRank] = {};
    for (int64_t b = 0; b < columns; b++) {
      C64 g_column = {0, 0};
      for (int64_t a = 0; a < p.rows(); a++) {
        const C64 left = p.row(a, h, k), right = p.column(b, h, k), v = left * right * delta;
        const double g_alpha = g_coef[k * 2 * K + a * columns + b], g_beta = g_coef[k * 2 * K + K + a * columns + b];
        C64 g_v = {-2 * w.re * g_alpha + 2 * g_beta, -2 * w.im * g_alpha};
        g_w = g_w + v * (-2 * g_alpha);
        if (a == 0 && b < p.channels) g_v.re += g_nyquist[b];
        g_row[a] = g_row[a] + conj(right * delta) * g_v;
        g_column = g_column + conj(left * delta) * g_v;
        g_delta += (conj(left * right) * g_v).re;
      }
      if (b >= p.channels) g_low[b - p.channels] = conj(g_column);
      else if (g_C) {
        float* at = g_C + 2 * ((b * p.H + h) * p.M + k);
        at[0] = float(g_column.re), at[1] = float(g_column.im);
      }
    }
    g_delta += (conj(lambda) * g_w).re;
    out.B[2 * k] = g_row[0].re, out.B[2 * k + 1] = g_row[0].im;
    for (int64_t r = 0; r < p.R; r++) {
      const C64 g = g_row[1 + r] + g_low[r];
      out.P[2 * (r * p.M + k)] = g.re, out.P[2 * (r * p.M + k) + 1] = g.im;
    }
    out.re[k] = delta * g_w.re * lambda.re;
    out.im[k] = -delta * g_w.im;
  }
  *out.delta = delta * g_delta;
}

/** All of a feature's gradients. */
static void feature_backward(const Parameters& p, const Tables& t, const float* g, int64_t length, int64_t h, Gradient out,
                             float* g_C, int thread) {
  const int64_t K = p.pairs(), M = p.M, plane = K * kPanel;
  const Room room(p, t, thread);
  const Feature f(p, h, room.feature);
  // Spectra of the upstream gradients, with the weights of the inverse transform's adjoint.
  double g_nyquist[64];
  for (int64_t c = 0; c < p.channels; c++) {
    float *re = room.re(t, c), *im = room.im(t, c);
    memcpy(room.time, g + (c * p.H + h) * length, size_t(length) * 4);
    for (int64_t l = length; l < p.n; l++) room.time[l] = 0;
    t.fft.forward(room.time, re, im, room.fft);
    g_nyquist[c] = p.n % 2 == 0 ? double(re[p.n / 2]) / double(p.n) : 0;
    const float two = 2.0f / float(p.n);
    re[0] *= 0.5f * two, im[0] = 0;
    for (int64_t m = 1; m < t.nodes.count; m++) re[m] *= two, im[m] *= two;
    for (int64_t m = t.nodes.count; m < t.nodes.padded; m++) re[m] = im[m] = 0;
  }
  // Coefficients transposed (M x 2 pairs), upstream planes, the pole's gradient, accumulators and their totals.
  Arena sizes = {nullptr, 0}, arena = {nullptr, 0};
  float *transposed, *up, *x_re, *x_im, *acc_room, *total_room;
  auto layout = [&](Arena& a) {
    transposed = a.floats(M * 2 * K), up = a.floats(4 * plane);
    x_re = a.floats(M * kPanel), x_im = a.floats(M * kPanel);
    acc_room = a.floats(M * (2 * K + 2) * W), total_room = a.floats(M * (2 * K + 2) * 2);
  };
  layout(sizes);
  arena.base = static_cast<char*>(scratch(thread, 1, sizes.used));
  layout(arena);
  V* acc = reinterpret_cast<V*>(acc_room);
  double* total = reinterpret_cast<double*>(total_room);
  const int64_t count = M * (2 * K + 2);
  for (int64_t i = 0; i < count; i++) acc[i] = V{}, total[i] = 0;
  for (int64_t k = 0; k < M; k++)
    for (int64_t j = 0; j < 2 * K; j++) transposed[k * 2 * K + j] = f.coefficients[j * M + k];
  V *acc_coef = acc, *acc_pole = acc + M * 2 * K;

  for (int64_t m = 0; m < t.nodes.padded; m += kPanel) {
    sums_of_tile(p, f, t.nodes, m, room);
    sum_gradients(p, t, room, m, up);
    // X = sum over pairs of conj(alpha + i y beta) G: planes (G re, y G im) and (G im, -y G re)
    alignas(64) float* planes[4] = {up, up + plane, up + 2 * plane, up + 3 * plane};
    for (int64_t k = 0; k < M; k++) {
      const float* coef = transposed + k * 2 * K;
      V pr[kPanelVectors], qr[kPanelVectors], xr[kPanelVectors], xi[kPanelVectors];
      for (int v = 0; v < kPanelVectors; v++) {
        pr[v] = load(room.p + k * kPanel + v * W), qr[v] = load(room.q + k * kPanel + v * W);
        xr[v] = xi[v] = V{};
      }
      for (int64_t j = 0; j < K; j++) {
        const V alpha = splat(coef[j]), beta = splat(coef[K + j]);
        V ga = acc_coef[k * 2 * K + j], gb = acc_coef[k * 2 * K + K + j];
        for (int v = 0; v < kPanelVectors; v++) {
          const int64_t at = j * kPanel + v * W;
          const V gr = load(planes[0] + at), gi = load(planes[1] + at);
          const V yi = load(planes[2] + at), yr = load(planes[3] + at);
          xr[v] = fma(alpha, gr, fma(beta, yi, xr[v]));
          xi[v] = fma(alpha, gi, fma(beta, yr, xi[v]));
          ga = fma(pr[v], gr, fma(qr[v], gi, ga));
          gb = fma(pr[v], yi, fma(qr[v], yr, gb));
        }
        acc_coef[k * 2 * K + j] = ga, acc_coef[k * 2 * K + K + j] = gb;
      }
      // G_D = -conj(1/D^2) X; D = |w|^2 - y^2 - 2 i y Re w
      V g_size = acc_pole[2 * k], g_re = acc_pole[2 * k + 1];
      for (int v = 0; v < kPanelVectors; v++) {
        const V y = load(t.nodes.high + m + v * W);
        const V sr = pr[v] * pr[v] - qr[v] * qr[v], si = splat(2) * pr[v] * qr[v];
        g_size -= sr * xr[v] + si * xi[v];
        g_re += splat(2) * y * (sr * xi[v] - si * xr[v]);
      }
      acc_pole[2 * k] = g_size, acc_pole[2 * k + 1] = g_re;
    }
    if ((m / kPanel) % 32 == 31) flush(acc, total, count);
  }
  flush(acc, total, count);
  feature_gradient(p, h, total, total + M * 2 * K, g_nyquist, out, g_C);
}

/** to[i] = sum over the features that share copy s of from(feature)[i]. */
static void gather(const Parameters& p, int64_t s, const double* all, int64_t each, int64_t offset, int64_t n, float* to) {
  for (int64_t i = 0; i < n; i++) {
    double sum = 0;
    for (int64_t h = s; h < p.H; h += p.S) sum += all[h * each + offset + i];
    to[i] = float(sum);
  }
}

const char* backward(const Call& call) {
  const Parameters p = parameters(call);
  if (p.channels > 64) return "s4-kernel: more than 64 channels";
  const Tables t(p.n);
  const Tensor *gin = call.gin, &g = call.gout[0];
  const int64_t each = Gradient::doubles(p);
  double* all = static_cast<double*>(scratch(0, 10, size_t(p.H * each) * 8));
  parallel(p.H, 1, [&](int64_t h, int64_t end, int thread) {
    for (; h < end; h++)
      feature_backward(p, t, g.f(), g.dim[2], h, Gradient(all + h * each, p), gin[5].f(), thread);
  });
  const Gradient first(all, p);
  parallel(p.S, 1, [&](int64_t s, int64_t end, int) {
    for (; s < end; s++) {
      if (gin[1]) gather(p, s, all, each, first.re - all, p.M, gin[1].f() + s * p.M);
      if (gin[2]) gather(p, s, all, each, first.im - all, p.M, gin[2].f() + s * p.M);
      for (int64_t r = 0; gin[3] && r < p.R; r++)
        gather(p, s, all, each, first.P - all + 2 * r * p.M, 2 * p.M, gin[3].f() + 2 * (r * p.S + s) * p.M);
      if (gin[4]) gather(p, s, all, each, first.B - all, 2 * p.M, gin[4].f() + 2 * s * p.M);
    }
  });
  if (gin[0])
    for (int64_t h = 0; h < p.H; h++) gin[0].f()[h] = float(all[h * each + each - 1]);
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("s4-kernel", "forward", longconv::forward)
LONGCONV_KERNEL("s4-kernel", "backward", longconv::backward)
