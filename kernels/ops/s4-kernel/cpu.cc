// Kernel of a diagonal plus low-rank state space by its generating function (op.ts).
//
// Cost: per feature, mode and node 12 flops for the pole and 8 for each of the (1+R)(channels+R) Cauchy sums, three
// times that backward; a real FFT per channel. Compute bound.
// Strategy: one feature is one unit of work; its parameters are transformed in float64. Nodes go by tiles of a panel:
// poles 1/D once (cauchy.h), all sums as a small matrix product from L1, the low-rank correction in registers, then the
// inverse transform of the whole spectrum (real-fft.h). Backward recomputes the sums of a tile and contracts the tile
// three ways (gradient.h). Forward runs in float32 (error 1e-7 to 1e-6 with HiPPO's damping of 1/2), or in float64 when
// a mode is nearly undamped; backward in float64 (float32 would save 45 % of the time and lose three digits).
// attr: internal length.
#include "cauchy.h"
#include "gradient.h"
#include "real-fft.h"

namespace longconv {
namespace {

/** What all features share: nodes and transform tables. */
template <class T>
struct Tables {
  Nodes<T> nodes;
  RealFft fft;

  explicit Tables(int64_t n) : nodes(n) {
    Arena sizes = {nullptr, 0};
    layout(sizes, n);
    Arena arena = {static_cast<char*>(scratch(0, 8, sizes.used)), 0};
    layout(arena, n);
    nodes.fill(n);
    fft.fill(static_cast<float*>(scratch(0, 9, size_t(fft.work()) * 4)));
  }
  void layout(Arena& arena, int64_t n) {
    nodes.high = arena.take<T>(nodes.padded), nodes.low = arena.take<T>(nodes.padded);
    fft.layout(arena, n);
  }
};

/** Work space of one feature on one thread. */
template <class T>
struct Room {
  T *feature, *p, *q;
  Sums<T> sums;
  float *spectrum, *time, *fft;
  int64_t bins;

  Room(const Parameters& par, const Tables<T>& t, int thread) : bins(t.nodes.padded + W) {
    Arena sizes = {nullptr, 0};
    layout(sizes, par, t);
    Arena arena = {static_cast<char*>(scratch(thread, 0, sizes.used)), 0};
    layout(arena, par, t);
  }
  void layout(Arena& a, const Parameters& par, const Tables<T>& t) {
    feature = a.take<T>(Feature<T>::elements(par));
    p = a.take<T>(par.M * panel<T>), q = a.take<T>(par.M * panel<T>);
    sums.p = a.take<T>(2 * par.pairs() * panel<T>), sums.q = a.take<T>(2 * par.pairs() * panel<T>);
    sums.pairs = par.pairs();
    spectrum = a.take<float>(par.channels * bins * 2);
    time = a.take<float>(par.n), fft = a.take<float>(t.fft.work());
  }
  float* re(int64_t c) const { return spectrum + 2 * c * bins; }
  float* im(int64_t c) const { return re(c) + bins; }
  /** Poles and sums of the tile at node m. */
  void tile(const Parameters& par, const Feature<T>& f, const Nodes<T>& nodes, int64_t m) const {
    f.poles(nodes, m, par.M, p, q);
    panel_product(f.coefficients, par.M, 2 * par.pairs(), p, par.M, sums.p, panel<T>);
    panel_product(f.coefficients, par.M, 2 * par.pairs(), q, par.M, sums.q, panel<T>);
  }
};

/** Re sum_half delta B C: the bin n/2. */
static double nyquist(const Parameters& p, int64_t h, int64_t c) {
  C64 sum = {0, 0};
  for (int64_t k = 0; k < p.M; k++) sum = sum + p.row(0, h, k) * p.column(c, h, k);
  return sum.re * p.delta(h);
}

/** The spectra of feature h. */
template <class T>
static void spectra(const Parameters& p, const Tables<T>& t, int64_t h, const Room<T>& room) {
  const Feature<T> f(p, h, room.feature);
  for (int64_t m = 0; m < t.nodes.padded; m += panel<T>) {
    room.tile(p, f, t.nodes, m);
    for (int v = 0; v < panel<T>; v += lanes<T>) {
      const Vec<T> y = load_wide(t.nodes.high + m + v);
      const Woodbury<T> low(p, room.sums, v, y);
      for (int64_t c = 0; c < p.channels; c++) {
        Complexes<T> value = room.sums.at(c, v, y);
        for (int64_t a = 0; a < p.R; a++) value = value - low.x[a] * room.sums.at((1 + a) * p.columns() + c, v, y);
        value = value * Complexes<T>{splat_wide(T(1)), y * splat_wide(T(0.5))};
        for (int i = 0; i < lanes<T>; i++) {
          room.re(c)[m + v + i] = float(value.re[i]);
          room.im(c)[m + v + i] = float(value.im[i]);
        }
      }
    }
  }
}

template <class T>
static const char* forward_in(const Call& call) {
  const Parameters p = parameters(call);
  const Tables<T> t(p.n);
  float* K = call.out[0].f();
  const int64_t length = call.out[0].dim[2];
  parallel(p.H, 1, [&](int64_t h, int64_t end, int thread) {
    for (; h < end; h++) {
      const Room<T> room(p, t, thread);
      spectra(p, t, h, room);
      for (int64_t c = 0; c < p.channels; c++) {
        if (p.n % 2 == 0) room.re(c)[p.n / 2] = float(nyquist(p, h, c));
        t.fft.inverse(room.re(c), room.im(c), room.time, room.fft);
        memcpy(K + (c * p.H + h) * length, room.time, size_t(length) * 4);
      }
    }
  });
  return nullptr;
}

/** All of a feature's gradients. */
template <class T>
static void feature_backward(const Parameters& p, const Tables<T>& t, const float* g, int64_t length, int64_t h,
                             Gradient out, float* g_C, int thread) {
  const Room<T> room(p, t, thread);
  const Feature<T> f(p, h, room.feature);
  // Spectra of the upstream gradients, with the weights of the inverse transform's adjoint.
  double g_nyquist[kMaxChannels];
  for (int64_t c = 0; c < p.channels; c++) {
    float *re = room.re(c), *im = room.im(c);
    memcpy(room.time, g + (c * p.H + h) * length, size_t(length) * 4);
    for (int64_t l = length; l < p.n; l++) room.time[l] = 0;
    t.fft.forward(room.time, re, im, room.fft);
    g_nyquist[c] = p.n % 2 == 0 ? double(re[p.n / 2]) / double(p.n) : 0;
    const float two = 2.0f / float(p.n);
    re[0] *= 0.5f * two, im[0] = 0;
    for (int64_t m = 1; m < t.nodes.count; m++) re[m] *= two, im[m] *= two;
    for (int64_t m = t.nodes.count; m < t.nodes.padded; m++) re[m] = im[m] = 0;
  }
  Arena sizes = {nullptr, 0};
  Accumulators<T> acc(p);
  acc.layout(sizes);
  Arena arena = {static_cast<char*>(scratch(thread, 1, sizes.used)), 0};
  acc.layout(arena);
  acc.start(f.coefficients);
  for (int64_t m = 0; m < t.nodes.padded; m += panel<T>) {
    room.tile(p, f, t.nodes, m);
    for (int v = 0; v < panel<T>; v += lanes<T>) {
      const Vec<T> y = load_wide(t.nodes.high + m + v);
      acc.sum_gradients(room.sums, v, y, room.spectrum + m + v, room.bins);
    }
    acc.contract(room.p, room.q, t.nodes.high + m);
    if ((m / panel<T>) % 32 == 31) acc.flush();
  }
  acc.flush();
  feature_gradient(p, h, acc.total, acc.total + p.M * 2 * p.pairs(), g_nyquist, out, g_C);
}

// The gradients of poles and step are what is left of the gradients of the sums, which cancel: always in float64.
const char* backward(const Call& call) {
  const Parameters p = parameters(call);
  if (p.channels > kMaxChannels) return "s4-kernel: more than 64 kernel channels";
  const Tables<double> t(p.n);
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

/** Whether a mode is damped so weakly that the low-rank correction cancels more digits than float32 can spare. */
static bool weakly_damped(const Parameters& p) {
  for (int64_t i = 0; i < p.S * p.M; i++)
    if (p.a_real[i] < -3.0f) return true;  // |Re lambda| < 1/20
  return false;
}

const char* forward(const Call& call) {
  return weakly_damped(parameters(call)) ? forward_in<double>(call) : forward_in<float>(call);
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("s4-kernel", "forward", longconv::forward)
LONGCONV_KERNEL("s4-kernel", "backward", longconv::backward)
