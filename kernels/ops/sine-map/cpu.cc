// y = sin(w (x W^T + b)), sums and sines in float64. Four rows at a time against the weights in L1 or L2; gradients of the
// parameters as partial sums over fixed parts of the rows, added in order: the same for any number of threads.
#include "kernel.h"
#include "simd.h"

namespace longconv {
namespace {

constexpr int D = W / 2;  // doubles in a vector
constexpr int64_t kPart = 512, kRows = 4;
typedef double VD __attribute__((vector_size(4 * W)));

LC_INLINE VD splatd(double s) { return s - VD{}; }
LC_INLINE VD& at(double* p) { return *reinterpret_cast<VD*>(p); }
LC_INLINE const VD& at(const double* p) { return *reinterpret_cast<const VD*>(p); }
LC_INLINE int64_t padded(int64_t n) { return (n + 2 * D - 1) / (2 * D) * (2 * D); }

/** a - 2 pi n in [-pi, pi]. */
LC_INLINE VD reduced(VD a) {
  const VD magic = splatd(6755399441055744.0);  // 1.5 * 2^52
  const VD n = a * splatd(0.15915494309189535) + magic - magic;
  return (a - n * splatd(6.28125)) - n * splatd(0.0019353071795864769);
}
/** Taylor's series to the term that is below 1e-10 at pi. */
LC_INLINE VD series(VD s, const double* c, int terms) {
  VD p = splatd(c[terms - 1]);
  for (int i = terms - 2; i >= 0; i--) p = p * s + splatd(c[i]);
  return p;
}
constexpr double kSin[] = {1.0, -1.0 / 6, 1.0 / 120, -1.0 / 5040, 1.0 / 362880, -1.0 / 39916800, 1.0 / 6227020800.0,
                           -1.0 / 1307674368000.0, 1.0 / 355687428096000.0, -1.0 / 121645100408832000.0,
                           1.0 / 51090942171709440000.0};
constexpr double kCos[] = {1.0, -1.0 / 2, 1.0 / 24, -1.0 / 720, 1.0 / 40320, -1.0 / 3628800, 1.0 / 479001600.0,
                           -1.0 / 87178291200.0, 1.0 / 20922789888000.0, -1.0 / 6402373705728000.0,
                           1.0 / 2432902008176640000.0, -1.0 / 1124000727777607680000.0};
LC_INLINE VD vsind(VD a) {
  const VD r = reduced(a);
  return r * series(r * r, kSin, 11);
}
LC_INLINE VD vcosd(VD a) {
  const VD r = reduced(a);
  return series(r * r, kCos, 12);
}

/** out (4, n) = first (n) + a (4, k) b (k, n), n a multiple of two vectors; first null: zero. */
void product(const double* a, int64_t k, const double* b, int64_t n, const double* first, double* out) {
  for (int64_t j = 0; j < n; j += 2 * D) {
    VD s[kRows][2];
    for (int r = 0; r < kRows; r++)
      for (int v = 0; v < 2; v++) s[r][v] = first ? at(first + j + v * D) : VD{};
    for (int64_t i = 0; i < k; i++) {
      const VD b0 = at(b + i * n + j), b1 = at(b + i * n + j + D);
#pragma GCC unroll 4
      for (int r = 0; r < kRows; r++) {
        const VD x = splatd(a[r * k + i]);
        s[r][0] += x * b0;
        s[r][1] += x * b1;
      }
    }
    for (int r = 0; r < kRows; r++)
      for (int v = 0; v < 2; v++) at(out + r * n + j + v * D) = s[r][v];
  }
}

/** The parameters in float64: W^T (E, Fp), b and w (Fp), W (F, Ep); zeros in the padding. */
struct Layer {
  int64_t L, E, F, Ep, Fp;
  double *turned, *bias, *frequency, *weights;

  explicit Layer(const Call& c) {
    L = c.in[0].dim[0], E = c.in[0].dim[1], F = c.in[1].dim[0], Ep = padded(E), Fp = padded(F);
    turned = static_cast<double*>(scratch(0, 14, size_t(E * Fp + 2 * Fp + F * Ep) * sizeof(double)));
    bias = turned + E * Fp, frequency = bias + Fp, weights = frequency + Fp;
    const float *w = c.in[1].f(), *b = c.in[2].f(), *q = c.in[3].f();
    for (int64_t f = 0; f < Fp; f++) {
      bias[f] = f < F ? double(b[f]) : 0, frequency[f] = f < F ? double(q[f]) : 0;
      for (int64_t e = 0; e < E; e++) turned[e * Fp + f] = f < F ? double(w[f * E + e]) : 0;
    }
    for (int64_t f = 0; f < F; f++)
      for (int64_t e = 0; e < Ep; e++) weights[f * Ep + e] = e < E ? double(w[f * E + e]) : 0;
  }

  /** Rows l .. l + 3 of x (zeros beyond the end) as in (4, E), and a as out (4, Fp). */
  void rows(const float* x, int64_t l, double* in, double* out) const {
    for (int64_t r = 0; r < kRows; r++)
      for (int64_t e = 0; e < E; e++) in[r * E + e] = l + r < L ? double(x[(l + r) * E + e]) : 0;
    product(in, E, turned, Fp, bias, out);
  }
};

const char* forward(const Call& c) {
  const Layer layer(c);
  const int64_t L = layer.L, F = layer.F, Fp = layer.Fp;
  const float* x = c.in[0].f();
  float* y = c.out[0].f();
  parallel((L + kRows - 1) / kRows, 16, [&](int64_t block, int64_t end, int thread) {
    double* a = static_cast<double*>(scratch(thread, 15, size_t(kRows * (Fp + layer.Ep)) * sizeof(double)));
    for (; block < end; block++) {
      const int64_t l = block * kRows, n = L - l < kRows ? L - l : kRows;
      layer.rows(x, l, a + kRows * Fp, a);
      for (int64_t r = 0; r < n; r++)
        for (int64_t f = 0; f < F; f += D) {
          const VD s = vsind(at(layer.frequency + f) * at(a + r * Fp + f));
          for (int64_t j = 0; j < D && f + j < F; j++) y[(l + r) * F + f + j] = float(s[j]);
        }
    }
  });
  return nullptr;
}

/** From a to c = g w cos(w a) in place, adding to the sums of c and of g a cos(w a). g (n rows, F). */
void upstream(const Layer& layer, const float* g, int64_t n, double* a, double* sumC, double* sumA) {
  const int64_t F = layer.F, Fp = layer.Fp;
  for (int64_t r = 0; r < kRows; r++)
    for (int64_t f = 0; f < Fp; f += D) {
      VD up{};
      if (r < n)
        for (int64_t j = 0; j < D && f + j < F; j++) up[j] = double(g[r * F + f + j]);
      const VD value = at(a + r * Fp + f), w = at(layer.frequency + f);
      up *= vcosd(w * value);
      at(sumA + f) += up * value;
      at(sumC + f) += up * w;
      at(a + r * Fp + f) = up * w;
    }
}

const char* backward(const Call& call) {
  const Layer layer(call);
  const int64_t L = layer.L, E = layer.E, F = layer.F, Ep = layer.Ep, Fp = layer.Fp;
  const float *x = call.in[0].f(), *g = call.gout[0].f();
  float *dx = call.gin[0].f(), *dw = call.gin[1].f(), *db = call.gin[2].f(), *dq = call.gin[3].f();
  const int64_t parts = (L + kPart - 1) / kPart, stride = (E + 2) * Fp;
  double* partial = static_cast<double*>(scratch(0, 13, size_t(parts * stride) * sizeof(double)));
  parallel(parts, 1, [&](int64_t part, int64_t last, int thread) {
    double* c = static_cast<double*>(scratch(thread, 15, size_t(kRows * (Fp + 2 * Ep)) * sizeof(double)));
    double *in = c + kRows * Fp, *out = in + kRows * Ep;
    for (; part < last; part++) {
      double* sums = partial + part * stride;
      for (int64_t i = 0; i < stride; i += D) at(sums + i) = VD{};
      const int64_t end = (part + 1) * kPart < L ? (part + 1) * kPart : L;
      for (int64_t l = part * kPart; l < end; l += kRows) {
        const int64_t n = end - l < kRows ? end - l : kRows;
        layer.rows(x, l, in, c);
        upstream(layer, g + l * F, n, c, sums + E * Fp, sums + (E + 1) * Fp);
        for (int64_t e = 0; dw && e < E; e++) {
          const VD x0 = splatd(in[e]), x1 = splatd(in[E + e]), x2 = splatd(in[2 * E + e]), x3 = splatd(in[3 * E + e]);
          for (int64_t f = 0; f < Fp; f += D)
            at(sums + e * Fp + f) += (x0 * at(c + f) + x1 * at(c + Fp + f)) + (x2 * at(c + 2 * Fp + f) + x3 * at(c + 3 * Fp + f));
        }
        if (!dx) continue;
        // The rows of c without their padding, for the product's left operand.
        for (int64_t r = 1; r < kRows; r++)
          for (int64_t f = 0; f < F; f++) c[r * F + f] = c[r * Fp + f];
        product(c, F, layer.weights, Ep, nullptr, out);
        for (int64_t r = 0; r < n; r++)
          for (int64_t e = 0; e < E; e++) dx[(l + r) * E + e] = float(out[r * Ep + e]);
      }
    }
  });
  parallel(E + 2, 4, [&](int64_t e, int64_t end, int) {
    for (; e < end; e++)
      for (int64_t f = 0; f < F; f++) {
        double sum = 0;
        for (int64_t part = 0; part < parts; part++) sum += partial[part * stride + e * Fp + f];
        if (e < E && dw) dw[f * E + e] = float(sum);
        if (e == E && db) db[f] = float(sum);
        if (e == E + 1 && dq) dq[f] = float(sum);
      }
  });
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("sine-map", "forward", longconv::forward)
LONGCONV_KERNEL("sine-map", "backward", longconv::backward)
