// Steps of a diagonal (plus low-rank) state space, op.ts: y_t = Re sum_n c x_t + D u_t.
//
// Strategy: a vector holds one quantity of neighbouring channels, so that every operand is contiguous and no sum runs
// across lanes. Diagonal: kSteps steps of one mode at a time, its state in registers; 6 multiply-adds a mode and step,
// compute bound. For one step the operands are read once: memory bound, 4 bytes a coefficient and state.
// A chunk is stepped through as well: its convolution by FFT plus the products with the modes' powers that carry the
// state in and out would cost as much (4 multiply-adds a mode and step, and the transforms).
//
// Precision: eight steps of a diagonal system run in float32 and then make up for the rounding of `a`, x += 8 (rest / a)
// x; the state is rounded at every step, which leaves 6e-8 times the root of the steps that it remembers. Single steps
// are float64 but for the stored state: what rounding `a` lost is less than half a unit of x, and adding it in float32
// would lose it every time. So is everything with a low-rank part, where the modes feed each other.
#include "denormals.h"
#include "kernel.h"
#include "panel-product.h"
#include "rows.h"

namespace longconv {
namespace {

constexpr int kSteps = 8;

struct Problem {
  const float *u, *rows, *rest, *D, *before;
  float *y, *after;
  int64_t B, M, H, N, C, R;
  int64_t first_output() const { return R == 0 ? 1 : 2 + 2 * R; }
  int64_t row_count() const { return first_output() + C; }
  /** Where row k, mode n, real (0) or imaginary (1) part of channel h is. */
  int64_t at(int64_t k, int64_t n, int part, int64_t h) const { return ((k * N + n) * 2 + part) * H + h; }
};

typedef Vec<double> D;
typedef float Half __attribute__((vector_size(2 * W)));
typedef float HalfU __attribute__((vector_size(2 * W), aligned(4), may_alias));
constexpr int kLanes = lanes<double>;

/** kLanes floats as doubles; of n < kLanes the others are zero. */
LC_INLINE D widen(const float* from, int64_t n) {
  if (n >= kLanes) return __builtin_convertvector(Half(*reinterpret_cast<const HalfU*>(from)), D);
  D to{};
  for (int64_t j = 0; j < n; j++) to[j] = double(from[j]);
  return to;
}
LC_INLINE D widen(const float* from, const float* more, int64_t n) {
  return more ? widen(from, n) + widen(more, n) : widen(from, n);
}
LC_INLINE void narrow(float* to, D from, int64_t n) {
  if (n >= kLanes) {
    *reinterpret_cast<HalfU*>(to) = __builtin_convertvector(from, Half);
    return;
  }
  for (int64_t j = 0; j < n; j++) to[j] = float(from[j]);
}

/** kSteps steps of the diagonal system, channels h.. of sequence b, from step t. State (N, 2) vectors at x. */
static void eight_steps(const Problem& p, int64_t b, int64_t h, int64_t t, V* x, const V* drift, V* ys) {
  const int64_t left = p.H - h;
  V u[kSteps];
  for (int j = 0; j < kSteps; j++) u[j] = get(p.u + (b * p.M + t + j) * p.H + h, left);
  for (int64_t k = 0; k < p.C; k++) {
    const V skip = p.D ? get(p.D + k * p.H + h, left) : V{};
    for (int j = 0; j < kSteps; j++) ys[k * kSteps + j] = skip * u[j];
  }
  for (int64_t n = 0; n < p.N; n++) {
    V re[kSteps], im[kSteps], xr = x[2 * n], xi = x[2 * n + 1];
    const int64_t a = p.at(0, n, 0, h);
    const V ar = get(p.rows + a, left), ai = get(p.rows + a + p.H, left);
#pragma GCC unroll 8
    for (int j = 0; j < kSteps; j++) {
      const V next = fma(ar, xr, u[j] - ai * xi);
      xi = fma(ar, xi, ai * xr);
      re[j] = xr = next, im[j] = xi;
    }
    if (p.rest) {
      const V dr = drift[2 * n], di = drift[2 * n + 1], before = xr;
      xr += dr * xr - di * xi;
      xi += dr * xi + di * before;
    }
    x[2 * n] = xr, x[2 * n + 1] = xi;
    for (int64_t k = 0; k < p.C; k++) {
      const int64_t c = p.at(1 + k, n, 0, h);
      const V cr = get(p.rows + c, left), ci = get(p.rows + c + p.H, left);
#pragma GCC unroll 8
      for (int j = 0; j < kSteps; j++) ys[k * kSteps + j] += cr * re[j] - ci * im[j];
    }
  }
  for (int j = 0; j < kSteps; j++)
    for (int64_t k = 0; k < p.C; k++) put(p.y + ((b * p.M + t + j) * p.C + k) * p.H + h, ys[k * kSteps + j], left);
}

/** One step of kLanes channels; their state as floats W apart at x, outputs at ys. */
static void one_step(const Problem& p, int64_t b, int64_t h, int64_t t, float* x, D* ys) {
  const int64_t left = p.H - h;
  const D u = widen(p.u + (b * p.M + t) * p.H + h, left);
  for (int64_t k = 0; k < p.C; k++) ys[k] = p.D ? widen(p.D + k * p.H + h, left) * u : D{};
  for (int64_t n = 0; n < p.N; n++, x += 2 * W) {
    const int64_t a = p.at(0, n, 0, h), i = a + p.H;
    const D ar = widen(p.rows + a, p.rest ? p.rest + a : nullptr, left);
    const D ai = widen(p.rows + i, p.rest ? p.rest + i : nullptr, left);
    const D xr = widen(x, kLanes), xi = widen(x + W, kLanes);
    const D re = ar * xr + (u - ai * xi), im = ar * xi + ai * xr;
    narrow(x, re, kLanes);
    narrow(x + W, im, kLanes);
    for (int64_t k = 0; k < p.C; k++) {
      const int64_t c = p.at(1 + k, n, 0, h);
      ys[k] += widen(p.rows + c, left) * re - widen(p.rows + c + p.H, left) * im;
    }
  }
  for (int64_t k = 0; k < p.C; k++) narrow(p.y + ((b * p.M + t) * p.C + k) * p.H + h, ys[k], left);
}

static void diagonal(const Problem& p, int64_t b, int64_t h, int thread) {
  const int64_t left = p.H - h, modes = 2 * p.N;
  V* x = static_cast<V*>(scratch(thread, 0, size_t(2 * modes + kSteps * p.C) * sizeof(V)));
  V *drift = x + modes, *ys = drift + modes;
  for (int64_t i = 0; i < modes; i++) x[i] = get(p.before + (b * modes + i) * p.H + h, left);
  if (p.M >= kSteps && p.rest)
    for (int64_t n = 0; n < p.N; n++) {
      const int64_t a = p.at(0, n, 0, h);
      const V ar = get(p.rows + a, left), ai = get(p.rows + a + p.H, left);
      const V er = get(p.rest + a, left), ei = get(p.rest + a + p.H, left);
      // Powers of a factor below 1e-15 are nothing; its rounding matters even less.
      const V size = ar * ar + ai * ai, scale = splat(float(kSteps)) / vmax(size, splat(1e-30f));
      drift[2 * n] = (er * ar + ei * ai) * scale;
      drift[2 * n + 1] = (ei * ar - er * ai) * scale;
    }
  int64_t t = 0;
  for (; t + kSteps <= p.M; t += kSteps) eight_steps(p, b, h, t, x, drift, ys);
  for (; t < p.M; t++)
    for (int half = 0; half < 2 && half * kLanes < left; half++)
      one_step(p, b, h + half * kLanes, t, reinterpret_cast<float*>(x) + half * kLanes, reinterpret_cast<D*>(ys));
  for (int64_t i = 0; i < modes; i++) put(p.after + (b * modes + i) * p.H + h, x[i], left);
}

/** Re sum_n row x */
LC_INLINE D functional(const D* row, const D* x, int64_t N) {
  D even{}, odd{};
  int64_t n = 0;
  for (; n + 2 <= N; n += 2) {
    even += row[2 * n] * x[2 * n] - row[2 * n + 1] * x[2 * n + 1];
    odd += row[2 * n + 2] * x[2 * n + 2] - row[2 * n + 3] * x[2 * n + 3];
  }
  if (n < N) even += row[2 * n] * x[2 * n] - row[2 * n + 1] * x[2 * n + 1];
  return even + odd;
}

/** All steps of channels h.. of sequence b; `rows` (K, N, 2) vectors. */
static void low_rank(const Problem& p, const D* rows, D* x, D* s, int64_t b, int64_t h) {
  const int64_t left = p.H - h, modes = 2 * p.N, N = p.N, R = p.R;
  const D *a = rows, *in = rows + modes, *w = in + modes, *q = w + R * modes, *c = q + R * modes;
  for (int64_t i = 0; i < modes; i++) x[i] = widen(p.before + (b * modes + i) * p.H + h, left);
  if (R == 1 && p.C == 1) {
    // One pass over the modes a step: the next step's functional and the output are gathered from what it leaves.
    const D skip = p.D ? widen(p.D + h, left) : D{};
    D sum = functional(q, x, N);
    for (int64_t t = 0; t < p.M; t++) {
      const D u = widen(p.u + (b * p.M + t) * p.H + h, left), s = sum;
      D next_re{}, next_im{}, y_re = skip * u, y_im{};
      for (int64_t n = 0; n < modes; n += 2) {
        const D xr = x[n], xi = x[n + 1];
        const D re = a[n] * xr - a[n + 1] * xi + (in[n] * u + w[n] * s);
        const D im = a[n] * xi + a[n + 1] * xr + (in[n + 1] * u + w[n + 1] * s);
        x[n] = re, x[n + 1] = im;
        next_re += q[n] * re, next_im -= q[n + 1] * im;
        y_re += c[n] * re, y_im -= c[n + 1] * im;
      }
      sum = next_re + next_im;
      narrow(p.y + (b * p.M + t) * p.H + h, y_re + y_im, left);
    }
    for (int64_t i = 0; i < modes; i++) narrow(p.after + (b * modes + i) * p.H + h, x[i], left);
    return;
  }
  for (int64_t t = 0; t < p.M; t++) {
    const D u = widen(p.u + (b * p.M + t) * p.H + h, left);
    for (int64_t r = 0; r < R; r++) s[r] = functional(q + r * modes, x, N);
    for (int64_t n = 0; n < N; n++) {
      const D ar = a[2 * n], ai = a[2 * n + 1], xr = x[2 * n], xi = x[2 * n + 1];
      D re = ar * xr - ai * xi + in[2 * n] * u, im = ar * xi + ai * xr + in[2 * n + 1] * u;
      for (int64_t r = 0; r < R; r++) {
        re += w[r * modes + 2 * n] * s[r];
        im += w[r * modes + 2 * n + 1] * s[r];
      }
      x[2 * n] = re, x[2 * n + 1] = im;
    }
    for (int64_t k = 0; k < p.C; k++) {
      D y = functional(c + k * modes, x, N);
      if (p.D) y += widen(p.D + k * p.H + h, left) * u;
      narrow(p.y + ((b * p.M + t) * p.C + k) * p.H + h, y, left);
    }
  }
  for (int64_t i = 0; i < modes; i++) narrow(p.after + (b * modes + i) * p.H + h, x[i], left);
}

const char* forward(const Call& call) {
  const Tensor &u = call.in[0], &rows = call.in[1];
  const Problem p{u.f(),       rows.f(),    call.in[2].f(), call.in[3].f(), call.in[4].f(),
                  call.out[0].f(), call.out[1].f(), u.dim[0],       u.dim[1],       u.dim[2],
                  rows.dim[1], int64_t(call.attr[0]), int64_t(call.attr[1])};
  const int64_t width = p.R == 0 ? W : kLanes, blocks = (p.H + width - 1) / width;
  const int64_t grain = 1 + 60000 / (p.M * p.N * (6 + 4 * p.R + 2 * p.C));
  // Blocks of channels outside, sequences inside: those of one block share its coefficients.
  parallel(blocks * p.B, grain, [&](int64_t i, int64_t end, int thread) {
    const FlushDenormals flush;
    if (p.R == 0) {
      for (; i < end; i++) diagonal(p, i % p.B, i / p.B * width, thread);
      return;
    }
    const int64_t count = p.row_count() * p.N * 2;
    D* wide = static_cast<D*>(scratch(thread, 0, size_t(count + 2 * p.N + p.R) * sizeof(D)));
    for (int64_t block = -1; i < end; i++) {
      const int64_t h = i / p.B * width;
      if (i / p.B != block) {
        block = i / p.B;
        for (int64_t k = 0; k < count; k++)
          wide[k] = widen(p.rows + k * p.H + h, p.rest ? p.rest + k * p.H + h : nullptr, p.H - h);
      }
      low_rank(p, wide, wide + count, wide + count + 2 * p.N, i % p.B, h);
    }
  });
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("state-steps", "forward", longconv::forward)
