// Long convolution by transforms that are matrix products (native/matrix-transform.h): y = k * u + D u and gradients.
// attr: sides (order of fft-conv/op.ts), number of factors, the factors.
//
// For each channel: the kernel's spectrum once, then row by row forward levels, product and inverse levels, all in the
// thread's scratch. The inverse is the conjugate transpose of the forward transform over N. Lags and the ring as in
// fft-conv/fused.h: lag j >= 0 at index j, lag -j at index 2N - j with the sign changed. D is added to tap 0.
//
// On a CPU the FFT wins, by about the ratio of the arithmetic (op.ts; `bench run long-conv` measures both): matrix
// products come only a little nearer the peak than the FFT's own steps. Fewer, larger factors do more arithmetic nearer
// the peak and lose more, smaller ones are an FFT. Dense blocks pay where they are learned, or where matrix units are.
#include "kernel.h"
#include "matrix-transform.h"
#include "pool.h"
#include "simd.h"

namespace longconv {
namespace {

using namespace LONGCONV_ISA;

enum Sides { kCausal, kLag1, kDoubleZero, kCircular };

struct Problem {
  int64_t B, C, H, L, Lk, P, Q;  // lags 0 .. P - 1 and -1 .. -Q occur
  int sides;
  const float *u, *k, *D, *g;
  float *y, *du, *dk, *dD;
  const MatrixPlan* p;
  bool two_halves() const { return sides == kLag1 || sides == kDoubleZero; }
};

int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

Problem read(const Call& c, bool backward) {
  const Tensor &u = c.in[0], &k = c.in[1];
  Problem x{};
  x.B = u.dim[0], x.H = u.dim[1], x.L = u.dim[2], x.C = k.dim[0], x.Lk = k.dim[2];
  x.sides = int(c.attr[0]);
  if (x.two_halves()) x.C /= 2;
  x.P = smaller(x.Lk, x.L);
  const int64_t anti[] = {0, smaller(x.Lk, x.L - 1), x.P - 1, x.L - 1};
  x.Q = anti[x.sides];
  x.u = u.f(), x.k = k.f(), x.D = c.in[2].f();
  if (backward) x.g = c.gout[0].f(), x.du = c.gin[0].f(), x.dk = c.gin[1].f(), x.dD = c.gin[2].f();
  else x.y = c.out[0].f();
  x.p = matrix_plan(c.attr + 2, int(c.attr[1]), 1);
  return x;
}

const char* const full = "monarch-conv: no memory is left: choose a shorter length";

/** A thread's memory: three rows in the levels' layouts, and spectra in natural order (2N floats each). */
struct Desk : MatrixDesk {
  float *U, *S, *K, *A, *kernel;
  bool open(const Problem& x, int thread) {
    const int64_t n = 2 * x.p->N + W;
    float* s = static_cast<float*>(scratch(thread, 3, size_t((3 + 2 * x.C) * n) * 4));
    if (!s || !open_desk(*x.p, thread, 3, *this)) return false;
    U = s, S = s + n, kernel = s + 2 * n, K = s + 3 * n, A = K + x.C * n;
    return true;
  }
};

/** Spectrum of a row of `len`: what lies beyond N is the imaginary part. */
void spectrum(const Problem& x, const Desk& d, const float* row, int64_t len, float* out) {
  const MatrixPlan& p = *x.p;
  const MatrixLevel& v = p.level[0];
  const bool complex = len > p.N;
  const int64_t rows = complex ? v.n : rows_of(p, len);
  enter_plane(p, row, smaller(len, p.N), rows, d.row[0]);
  if (complex) enter_plane(p, row + p.N, len - p.N, v.n, d.row[0] + v.n * v.pitch);
  forward_levels(p, d, p.levels, 2, complex, rows, out);
}

/** The inverse, without its factor 1/N, cut to `len`. */
void inverse(const Problem& x, const Desk& d, const float* S, int64_t len, float* row) {
  const MatrixPlan& p = *x.p;
  const MatrixLevel& v = p.level[0];
  const int64_t rows = len > p.N ? 2 * v.n : rows_of(p, len);
  const float* y = adjoint_levels(p, d, S, rows, d.row[0], d.row[1]);
  leave_plane(p, y, smaller(len, p.N), row);
  if (len > p.N) leave_plane(p, y + v.n * v.pitch, len - p.N, row + p.N);
}

/** out = [out +] a b (a conj b); planes N apart. */
template <bool CONJ>
void multiply(const float* a, const float* b, float* out, int64_t N, bool add) {
  for (int64_t j = 0; j < N; j += W) {
    const int w = int(N - j < W ? N - j : W);
    const V ar = load_part(a + j, w), ai = load_part(a + N + j, w), br = load_part(b + j, w),
            bi = load_part(b + N + j, w);
    V r = CONJ ? ar * br + ai * bi : ar * br - ai * bi, i = CONJ ? ai * br - ar * bi : ai * br + ar * bi;
    if (add) r += load_part(out + j, w), i += load_part(out + N + j, w);
    store_part(out + j, r, w);
    store_part(out + N + j, i, w);
  }
}

/** Spectrum over N of kernel (c, h), with D at lag 0. */
void kernel_spectrum(const Problem& x, const Desk& d, int64_t c, int64_t h, float* out) {
  const int64_t N = x.p->N;
  const float *k0 = x.k + (c * x.H + h) * x.Lk, *k1 = x.two_halves() ? k0 + x.C * x.H * x.Lk : k0 + x.Lk - x.Q;
  const int64_t len = x.Q ? 2 * N : x.P;
  float* t = d.kernel;
  const float scale = 1.0f / float(N);
  __builtin_memset(t, 0, size_t(2 * N) * 4);
  for (int64_t j = 0; j < x.P; j++) t[j] = scale * k0[j];
  if (x.sides == kDoubleZero) t[0] += scale * k1[0];
  if (x.D) t[0] += scale * x.D[c * x.H + h];
  const int64_t skip = x.sides == kLag1 ? 1 : 0;
  for (int64_t j = 1; j <= x.Q; j++) t[2 * N - j] = -scale * (x.sides == kCircular ? k1[x.Q - j] : k1[j - skip]);
  spectrum(x, d, t, len, out);
}

void kernel_gradient(const Problem& x, const Desk& d, int64_t c, int64_t h, const float* A) {
  const int64_t N = x.p->N;
  float *k0 = x.dk + (c * x.H + h) * x.Lk, *k1 = x.two_halves() ? k0 + x.C * x.H * x.Lk : k0 + x.Lk - x.Q;
  float* t = d.kernel;
  const float scale = 1.0f / float(N);
  inverse(x, d, A, x.Q ? 2 * N : x.P, t);
  __builtin_memset(k0, 0, size_t(x.Lk) * 4);
  if (x.two_halves()) __builtin_memset(k1, 0, size_t(x.Lk) * 4);
  for (int64_t j = 0; j < x.P; j++) k0[j] = scale * t[j];
  if (x.sides == kDoubleZero) k1[0] = scale * t[0];
  const int64_t skip = x.sides == kLag1 ? 1 : 0;
  for (int64_t j = 1; j <= x.Q; j++) k1[x.sides == kCircular ? x.Q - j : j - skip] = -scale * t[2 * N - j];
}

void forward_channel(const Problem& x, const Desk& d, int64_t h) {
  const int64_t N = x.p->N, n = 2 * N + W;
  for (int64_t c = 0; c < x.C; c++) kernel_spectrum(x, d, c, h, d.K + c * n);
  for (int64_t b = 0; b < x.B; b++) {
    spectrum(x, d, x.u + (b * x.H + h) * x.L, x.L, d.U);
    for (int64_t c = 0; c < x.C; c++) {
      multiply<false>(d.U, d.K + c * n, d.S, N, false);
      inverse(x, d, d.S, x.L, x.y + ((b * x.C + c) * x.H + h) * x.L);
    }
  }
}

/** sum_t a[t] b[t], in double precision beyond a few vectors. */
double dot(const float* a, const float* b, int64_t n) {
  double total = 0;
  for (int64_t from = 0; from < n; from += 64 * W) {
    V s{};
    for (int64_t i = from; i < smaller(from + 64 * W, n); i += W) {
      const int w = int(smaller(W, n - i));
      s += load_part(a + i, w) * load_part(b + i, w);
    }
    total += double(hsum(s));
  }
  return total;
}

void backward_channel(const Problem& x, const Desk& d, int64_t h) {
  const int64_t N = x.p->N, n = 2 * N + W;
  for (int64_t c = 0; c < x.C && x.dD; c++) {
    double sum = 0;
    for (int64_t b = 0; b < x.B; b++)
      sum += dot(x.u + (b * x.H + h) * x.L, x.g + ((b * x.C + c) * x.H + h) * x.L, x.L);
    x.dD[c * x.H + h] = float(sum);
  }
  if (!x.du && !x.dk) return;
  for (int64_t c = 0; c < x.C && x.du; c++) kernel_spectrum(x, d, c, h, d.K + c * n);
  float *G = d.kernel, *dU = d.S;
  for (int64_t b = 0; b < x.B; b++) {
    if (x.dk) spectrum(x, d, x.u + (b * x.H + h) * x.L, x.L, d.U);
    for (int64_t c = 0; c < x.C; c++) {
      spectrum(x, d, x.g + ((b * x.C + c) * x.H + h) * x.L, x.L, G);
      if (x.dk) multiply<true>(G, d.U, d.A + c * n, N, b > 0);
      if (x.du) multiply<true>(G, d.K + c * n, dU, N, c > 0);
    }
    if (x.du) inverse(x, d, dU, x.L, x.du + (b * x.H + h) * x.L);
  }
  for (int64_t c = 0; c < x.C && x.dk; c++) kernel_gradient(x, d, c, h, d.A + c * n);
}

const char* run(const Call& call, bool backward) {
  const Problem x = read(call, backward);
  if (!x.p) return full;
  const char* failed = nullptr;
  parallel(x.H, 1, [&](int64_t h, int64_t end, int thread) {
    Desk d;
    if (!d.open(x, thread)) return __atomic_store_n(&failed, full, __ATOMIC_RELAXED);
    for (; h < end; h++) backward ? backward_channel(x, d, h) : forward_channel(x, d, h);
  });
  return failed;
}
const char* forward(const Call& call) { return run(call, false); }
const char* backward(const Call& call) { return run(call, true); }

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("monarch-conv", "forward", longconv::forward)
LONGCONV_KERNEL("monarch-conv", "backward", longconv::backward)
