// Kernel of a damped moving average: K[r,l] = sum_j c_j q_j^l, real decays q in (0, 1) (op.ts).
//
// Cost: forward 2 R n L flops and 4 R L bytes written, backward twice the flops. Both near the floor of memory at n = 16.
// Strategy (as s4d-kernel, with real modes): l = i S + r, so K[i,r] = sum_j (c_j q_j^{iS}) q_j^r is a small matrix
// product with one multiply-add per decay and tap; the few powers that are formed come from products in float64.
// Backward: T[i,j] = sum_r g[i,r] q^r, T'[i,j] = sum_r r g[i,r] q^r;  sum_l g q^l = sum_i q^{iS} T and
// sum_l l g q^l = sum_i q^{iS} (iS T + T'), the sums over i in float64. Spans of fixed length are the threads' work.
// attr: length.
#include <math.h>

#include "denormals.h"
#include "kernel.h"
#include "panel-product.h"

namespace longconv {
namespace {

constexpr int64_t kSpan = 1 << 15;
constexpr int64_t kBlockRows = 24;  // a multiple of kPanelRows on every instruction set
constexpr double kDead = 1e-38;     // a power below this does not reach float32
constexpr double kLeast = 1e-30;    // decays are kept off zero, which the derivative of q^l divides by

/** Taps per row: near sqrt(L/2), a multiple of the panel. */
static inline int64_t row_length(int64_t L) {
  int64_t S = 64;
  while (S < 256 && 2 * S * S < L) S *= 2;
  return S;
}

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }

struct Parameters {
  const float *delta, *alpha, *beta, *gamma;
  int64_t R, n, L, S, spans;
  double w;
  explicit Parameters(const Call& c)
      : delta(c.in[0].f()), alpha(c.in[1].f()), beta(c.in[2].f()), gamma(c.in[3].f()), R(c.in[3].dim[0]),
        n(c.in[3].dim[1]), L(int64_t(c.attr[0])), S(row_length(L)), spans((L + kSpan - 1) / kSpan),
        w(sqrt(1.0 / double(n))) {}
};

/** Powers of one row's decays in float64: q, q^W, q^S, q^{l0}, and what is being advanced. */
struct Powers {
  int64_t n;
  double *step, *lane, *row, *start, *z;
  Powers(const Parameters& p, int64_t r, int64_t l0, int thread) : n(p.n) {
    double* room = static_cast<double*>(scratch(thread, 0, size_t(5 * n) * 8));
    double** slots[] = {&step, &lane, &row, &start, &z};
    for (double** s : slots) *s = room, room += n;
    for (int64_t j = 0; j < n; j++) {
      const int64_t i = r * n + j;
      const double q = 1 - sigmoid(double(p.delta[i])) * sigmoid(double(p.alpha[i]));
      step[j] = q < kLeast ? kLeast : q;
      start[j] = l0 ? pow(step[j], double(l0)) : 1;
    }
    raise(lane, step, W);
    raise(row, lane, p.S / W);
  }
  void advance(const double* by) const {
    for (int64_t j = 0; j < n; j++) z[j] *= by[j];
  }
  double largest() const {
    double most = 0;
    for (int64_t j = 0; j < n; j++) most = fabs(z[j]) > most ? fabs(z[j]) : most;
    return most;
  }
  /** Writes `count` times z as floats, advancing it by `by`; z starts at 1. */
  void list(float* to, int64_t count, const double* by) const {
    for (int64_t j = 0; j < n; j++) z[j] = 1;
    for (int64_t i = 0; i < count; i++, to += n) {
      for (int64_t j = 0; j < n; j++) to[j] = float(z[j]);
      advance(by);
    }
  }

 private:
  /** to = from^exponent, a power of two, by squaring. */
  void raise(double* to, const double* from, int64_t exponent) const {
    for (int64_t j = 0; j < n; j++) to[j] = from[j];
    for (; exponent > 1; exponent /= 2)
      for (int64_t j = 0; j < n; j++) to[j] *= to[j];
  }
};

/** Right factor of the forward product: row j is q_j^r over r, in panels. `room`: n (W + S/W) floats. */
static void power_panels(const Powers& w, int64_t S, float* room, float* out) {
  const int64_t n = w.n, jumps = S / W;
  float *first = room, *jump = room + W * n;
  w.list(first, W, w.step);
  w.list(jump, jumps, w.lane);
  for (int64_t j = 0; j < n; j++) {
    alignas(64) float lanes[W];
    for (int i = 0; i < W; i++) lanes[i] = first[i * n + j];
    const V f = load(lanes);
    for (int64_t m = 0; m < jumps; m++) {
      const int64_t r = m * W;
      store(out + r / kPanel * (n * kPanel) + j * kPanel + r % kPanel, f * splat(jump[m * n + j]));
    }
  }
}

/** The taps of one span: the left factor's rows z, z q^S, ... times the panels. */
static void span_taps(const Powers& w, const float* panels, int64_t S, int64_t length, float* left, float* tail,
                      float* out) {
  const int64_t n = w.n;
  for (int64_t l = 0; l < length;) {
    if (w.largest() < kDead) {
      for (; l < length; l++) out[l] = 0;
      return;
    }
    const int64_t need = (length - l + S - 1) / S, rows = need < kBlockRows ? need : kBlockRows;
    for (int64_t i = 0; i < rows; i++) {
      for (int64_t j = 0; j < n; j++) left[i * n + j] = float(w.z[j]);
      w.advance(w.row);
    }
    const int64_t whole = length - l >= rows * S ? rows : rows - 1;
    for (int64_t r = 0; r < S; r += kPanel) panel_product(left, n, whole, panels + r * n, n, out + l + r, S);
    if (whole < rows) {
      for (int64_t r = 0; r < S; r += kPanel) panel_product(left + whole * n, n, 1, panels + r * n, n, tail + r, S);
      for (int64_t i = l + whole * S; i < length; i++) out[i] = tail[i - l - whole * S];
    }
    l += rows * S;
  }
}

const char* forward(const Call& call) {
  const Parameters p(call);
  float* K = call.out[0].f();
  const int64_t room = p.n * (kBlockRows > W + p.S / W ? kBlockRows : W + p.S / W);
  parallel(p.R * p.spans, 1, [&](int64_t task, int64_t end, int thread) {
    const FlushDenormals scope;
    for (; task < end; task++) {
      const int64_t r = task / p.spans, l0 = task % p.spans * kSpan;
      const Powers w(p, r, l0, thread);
      float* panels = static_cast<float*>(scratch(thread, 1, size_t(p.n * p.S) * 4));
      float* left = static_cast<float*>(scratch(thread, 2, size_t(room) * 4));
      float* tail = static_cast<float*>(scratch(thread, 3, size_t(p.S) * 4));
      power_panels(w, p.S, left, panels);
      for (int64_t j = 0; j < p.n; j++) {
        const int64_t i = r * p.n + j;
        w.z[j] = p.w * sigmoid(double(p.delta[i])) * double(p.beta[i]) * double(p.gamma[i]) * w.start[j];
      }
      span_taps(w, panels, p.S, p.L - l0 < kSpan ? p.L - l0 : kSpan, left, tail, K + r * p.L + l0);
    }
  });
  return nullptr;
}

static inline int64_t columns_of(int64_t n) { return (2 * n + kPanel - 1) / kPanel * kPanel; }

/** Right factor of the backward product: for each r the numbers q^r and r q^r, in panels. */
static void weighted_panels(const Powers& w, int64_t S, float* line, float* out) {
  const int64_t n = w.n, columns = columns_of(n);
  for (int64_t j = 2 * n; j < columns; j++) line[j] = 0;
  for (int64_t j = 0; j < n; j++) w.z[j] = 1;
  for (int64_t r = 0; r < S; r++) {
    for (int64_t j = 0; j < n; j++) line[j] = float(w.z[j]), line[n + j] = float(double(r) * w.z[j]);
    for (int64_t q = 0; q < columns / kPanel; q++)
      for (int v = 0; v < kPanel; v += W) store(out + (q * S + r) * kPanel + v, load(line + q * kPanel + v));
    w.advance(w.step);
  }
}

/** sums = (sum_l g q^l, sum_l l g q^l) of one span, n each. */
static void span_sums(const Parameters& p, const float* g, int64_t r, int64_t l0, double* sums, int thread) {
  const Powers w(p, r, l0, thread);
  const int64_t length = p.L - l0 < kSpan ? p.L - l0 : kSpan, n = p.n, S = p.S, columns = columns_of(n);
  float* panels = static_cast<float*>(scratch(thread, 1, size_t(columns * S) * 4));
  float* T = static_cast<float*>(scratch(thread, 2, size_t(columns * kBlockRows) * 4));
  float* tail = static_cast<float*>(scratch(thread, 3, size_t(S) * 4));
  weighted_panels(w, S, T, panels);
  for (int64_t j = 0; j < 2 * n; j++) sums[j] = 0;
  for (int64_t j = 0; j < n; j++) w.z[j] = w.start[j];
  const float* row = g + r * p.L + l0;
  for (int64_t l = 0; l < length && w.largest() >= kDead * kDead;) {
    const int64_t need = (length - l + S - 1) / S, rows = need < kBlockRows ? need : kBlockRows;
    const int64_t whole = length - l >= rows * S ? rows : rows - 1;
    for (int64_t q = 0; q < columns / kPanel; q++)
      panel_product(row + l, S, whole, panels + q * S * kPanel, S, T + q * kPanel, columns);
    if (whole < rows) {
      for (int64_t i = 0; i < S; i++) tail[i] = l + whole * S + i < length ? row[l + whole * S + i] : 0;
      for (int64_t q = 0; q < columns / kPanel; q++)
        panel_product(tail, S, 1, panels + q * S * kPanel, S, T + whole * columns + q * kPanel, columns);
    }
    for (int64_t i = 0; i < rows; i++) {
      const float* t = T + i * columns;
      const double at = double(l0 + l + i * S);
      for (int64_t j = 0; j < n; j++) {
        sums[j] += w.z[j] * t[j];
        sums[n + j] += w.z[j] * (at * t[j] + t[n + j]);
      }
      w.advance(w.row);
    }
    l += rows * S;
  }
}

const char* backward(const Call& call) {
  const Parameters p(call);
  const float* g = call.gout[0].f();
  float* to[4];
  for (int i = 0; i < 4; i++) to[i] = call.gin[i].f();
  const int64_t n = p.n;
  double* sums = static_cast<double*>(scratch(0, 5, size_t(p.R * p.spans * 2 * n) * 8));
  parallel(p.R * p.spans, 1, [&](int64_t task, int64_t end, int thread) {
    const FlushDenormals scope;
    for (; task < end; task++)
      span_sums(p, g, task / p.spans, task % p.spans * kSpan, sums + task * 2 * n, thread);
  });
  for (int64_t i = 0; i < p.R * n; i++) {
    const double* row = sums + i / n * p.spans * 2 * n + i % n;
    double s = 0, d = 0;
    for (int64_t k = 0; k < p.spans; k++) s += row[k * 2 * n], d += row[k * 2 * n + n];
    const double P = sigmoid(double(p.delta[i])), A = sigmoid(double(p.alpha[i])), q = 1 - P * A;
    const double b = double(p.beta[i]), c = double(p.gamma[i]);
    d *= p.w * P * b * c / (q < kLeast ? kLeast : q);
    if (to[0]) to[0][i] = float(P * (1 - P) * (p.w * b * c * s - A * d));
    if (to[1]) to[1][i] = float(A * (1 - A) * -P * d);
    if (to[2]) to[2][i] = float(p.w * P * c * s);
    if (to[3]) to[3][i] = float(p.w * P * b * s);
  }
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("ema-kernel", "forward", longconv::forward)
LONGCONV_KERNEL("ema-kernel", "backward", longconv::backward)
