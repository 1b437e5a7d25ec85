// y = Re IDFT(U K) and its gradients, the transforms as matrix products (native/matrix-transform.h).
// attr: length, number of factors, the factors.
//
// One pass over the spectra: product, inverse and crop of a row happen in the thread's scratch, and so do the transform
// of g and both products with it. Channels are independent; batches and kernels of one follow each other.
#include "kernel.h"
#include "matrix-transform.h"
#include "simd.h"

namespace longconv {
namespace {

using namespace LONGCONV_ISA;

struct Problem {
  int64_t B, C, H, N, length;
  const float *U, *K, *g;
  float *y, *dU, *dK;
  const MatrixPlan* p;
};

const char* const full = "spectral-conv: no memory is left: choose a shorter length";

Problem read(const Call& c, bool backward) {
  const Tensor &U = c.in[0], &K = c.in[1];
  Problem x{};
  x.B = U.dim[0], x.H = U.dim[1], x.N = U.dim[3], x.C = K.dim[0], x.length = int64_t(c.attr[0]);
  x.U = U.f(), x.K = K.f();
  if (backward) x.g = c.gout[0].f(), x.dU = c.gin[0].f(), x.dK = c.gin[1].f();
  else x.y = c.out[0].f();
  x.p = matrix_plan(c.attr + 2, int(c.attr[1]), 0);
  return x;
}

/** out = [out +] scale a b (scale b conj a); planes N apart. */
template <bool CONJ>
void multiply(const float* a, const float* b, float scale, float* out, int64_t N, bool add) {
  const V s = splat(scale);
  for (int64_t j = 0; j < N; j += W) {
    const int w = int(N - j < W ? N - j : W);
    const V ar = load_part(a + j, w), ai = load_part(a + N + j, w), br = load_part(b + j, w) * s,
            bi = load_part(b + N + j, w) * s;
    V r = CONJ ? ar * br + ai * bi : ar * br - ai * bi, i = CONJ ? ar * bi - ai * br : ar * bi + ai * br;
    if (add) r += load_part(out + j, w), i += load_part(out + N + j, w);
    store_part(out + j, r, w);
    store_part(out + N + j, i, w);
  }
}

const char* run(const Call& call, bool backward) {
  const Problem x = read(call, backward);
  if (!x.p) return full;
  const MatrixPlan& p = *x.p;
  const int64_t N = x.N, rows = rows_of(p, x.length);
  const float scale = 1.0f / float(N);
  const char* failed = nullptr;
  parallel(x.H, 1, [&](int64_t h, int64_t end, int thread) {
    MatrixDesk d;
    float* S = static_cast<float*>(scratch(thread, 3, size_t(2 * N + W) * 4));
    if (!S || !open_desk(p, thread, 2, d)) return __atomic_store_n(&failed, full, __ATOMIC_RELAXED);
    for (; h < end; h++)
      for (int64_t b = 0; b < x.B; b++)
        for (int64_t c = 0; c < x.C; c++) {
          const int64_t u = (b * x.H + h) * 2 * N, k = (c * x.H + h) * 2 * N;
          const int64_t row = ((b * x.C + c) * x.H + h) * x.length;
          if (!backward) {
            multiply<false>(x.U + u, x.K + k, scale, S, N, false);
            leave_plane(p, adjoint_levels(p, d, S, rows, d.row[0], d.row[1]), x.length, x.y + row);
            continue;
          }
          enter_plane(p, x.g + row, x.length, rows, d.row[0]);
          forward_levels(p, d, p.levels, 2, false, rows, S);
          if (x.dU) multiply<true>(x.K + k, S, scale, x.dU + u, N, c > 0);
          if (x.dK) multiply<true>(x.U + u, S, scale, x.dK + k, N, b > 0);
        }
  });
  return failed;
}
const char* forward(const Call& call) { return run(call, false); }
const char* backward(const Call& call) { return run(call, true); }

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("spectral-conv", "forward", longconv::forward)
LONGCONV_KERNEL("spectral-conv", "backward", longconv::backward)
