// The exact Liquid-S4 recurrence (op.ts). Compute bound: 20 flops a mode, channel and step forward, about 60 backward,
// against 8 and 12 bytes a channel and step; states (B, L, H, N/2) never exist.
//
// Strategy: channels are the vector lanes, so that u and y are contiguous and a step needs no sum across lanes. Time is
// cut in stretches; within one, the modes pass one after another (forward two at a time, to hide the chain's latency)
// with state and coefficients in registers, over the stretch's u and y in L1. Backward keeps the states at the
// stretches' starts, recomputes a mode's states within a stretch and walks them back; sums over time are in float32
// within a stretch and float64 beyond.
// abar is held as d = abar - 1, from expm1 in float64, and x_t = x_{t-1} + ((d + bbar u) x_{t-1} + bbar u): a slow mode
// has a small d whose float32 is relatively as exact as its parameters, where abar's would be wrong by 6e-8 a step.
// attr: discretisation.
#include "../s4d-kernel/modes.h"
#include "denormals.h"
#include "rows.h"
#include "simd.h"
#include "threads.h"

namespace longconv {
namespace {

constexpr int64_t kStretch = 64;
constexpr int64_t kPath = (2 * kStretch + 2) * W;  // floats of a mode's states along a stretch
constexpr int kRows = 6;  // d, bbar and c = 2 C of a mode, real and imaginary rows

struct Sizes {
  int64_t B, L, H, S, M;
  int disc;
  int64_t blocks() const { return (H + W - 1) / W; }
  int64_t stretches() const { return (L + kStretch - 1) / kStretch; }
};

static Sizes sizes(const Call& c) {
  return {c.in[0].dim[0], c.in[0].dim[1], c.in[0].dim[2], c.in[2].dim[0], c.in[2].dim[1], int(c.attr[0])};
}

static C64 A_of(const Call& c, int64_t i) { return {-exp(double(c.in[2].f()[i])), -double(c.in[3].f()[i])}; }
static C64 pair_of(const float* p, int64_t i) { return {p[2 * i], p[2 * i + 1]}; }

/** abar - 1 without cancellation. */
static C64 less_one(int disc, C64 x) { return disc == kZoh ? cexpm1(x) : x * inverse(C64{1, 0} - x * 0.5); }

/** Coefficients (block, mode, row, lane); lanes beyond H are zero. */
static float* coefficients(const Call& c, const Sizes& z) {
  float* out = static_cast<float*>(scratch(0, 0, size_t(z.blocks() * z.M * kRows * W) * 4));
  parallel(z.blocks() * W, 4, [&](int64_t h, int64_t end, int) {
    for (; h < end; h++)
      for (int64_t n = 0; n < z.M; n++) {
        float* at = out + (h / W * z.M + n) * kRows * W + h % W;
        C64 d = {0, 0}, b = {0, 0}, k = {0, 0};
        if (h < z.H) {
          const int64_t s = h % z.S * z.M + n;
          const double dt = exp(double(c.in[1].f()[h]));
          const C64 A = A_of(c, s);
          d = less_one(z.disc, A * dt), b = input_factor(z.disc, A, dt, 1) * pair_of(c.in[4].f(), s);
          k = pair_of(c.in[5].f(), h * z.M + n) * 2;
        }
        const double rows[kRows] = {d.re, d.im, b.re, b.im, k.re, k.im};
        for (int r = 0; r < kRows; r++) at[r * W] = float(rows[r]);
      }
  });
  return out;
}

/** A mode's coefficients in registers. */
struct Mode {
  V dr, di, br, bi, cr, ci;
  explicit Mode(const float* p)
      : dr(load(p)), di(load(p + W)), br(load(p + 2 * W)), bi(load(p + 3 * W)), cr(load(p + 4 * W)), ci(load(p + 5 * W)) {}
  /** One step. */
  LC_LOOP void step(V u, V& xr, V& xi) const {
    const V sr = br * u, si = bi * u, fr = dr + sr, fi = di + si;
    const V tr = fr * xr + sr - fi * xi;
    xi += fr * xi + si + fi * xr;
    xr += tr;
  }
};

/** A stretch of N modes together: states in x (mode, 2, lane), n steps of u and, unless null, y (step, lane). */
template <int N>
LC_INLINE void stretch(const float* coefficient, float* x, const float* u, float* y, int64_t n) {
  const Mode first(coefficient), second(coefficient + (N - 1) * kRows * W);
  V ar = load(x), ai = load(x + W), br = load(x + (2 * N - 2) * W), bi = load(x + (2 * N - 1) * W);
  for (int64_t t = 0; t < n; t++) {
    const V now = load(u + t * W);
    first.step(now, ar, ai);
    if (N == 2) second.step(now, br, bi);
    if (!y) continue;
    V sum = load(y + t * W) + (first.cr * ar - first.ci * ai);
    if (N == 2) sum += second.cr * br - second.ci * bi;
    store(y + t * W, sum);
  }
  store(x, ar), store(x + W, ai);
  if (N == 2) store(x + 2 * W, br), store(x + 3 * W, bi);
}

static void all_modes(const float* coefficient, float* x, const float* u, float* y, int64_t M, int64_t n) {
  int64_t m = 0;
  for (; m + 2 <= M; m += 2) stretch<2>(coefficient + m * kRows * W, x + m * 2 * W, u, y, n);
  if (m < M) stretch<1>(coefficient + m * kRows * W, x + m * 2 * W, u, y, n);
}

/** Between the rows of `lanes` channels at stride H and whole vectors. */
static void gather(const float* from, int64_t rows, int64_t H, int64_t lanes, float* to) {
  for (int64_t r = 0; r < rows; r++) store(to + r * W, get(from + r * H, lanes));
}
static void scatter(const float* from, int64_t rows, int64_t H, int64_t lanes, float* to) {
  for (int64_t r = 0; r < rows; r++) put(to + r * H, load(from + r * W), lanes);
}
static void skipped(const float* u, V D, int64_t n, float* y) {
  for (int64_t t = 0; t < n; t++) store(y + t * W, D * load(u + t * W));
}

static float* take(int thread, int slot, int64_t floats) {
  return static_cast<float*>(scratch(thread, slot, size_t(floats) * 4));
}

/** The states before the first step, (mode, 2, lane). */
static void begin(const Tensor& start, const Sizes& z, int64_t b, int64_t h, int64_t lanes, float* x) {
  if (start)
    gather(start.f() + b * z.M * 2 * z.H + h, 2 * z.M, z.H, lanes, x);
  else
    for (int64_t i = 0; i < 2 * z.M * W; i++) x[i] = 0;
}

const char* forward(const Call& c) {
  const Sizes z = sizes(c);
  const float* coefficient = coefficients(c, z);
  const Tensor &skip = c.in[6], &start = c.in[7];
  parallel(z.B * z.blocks(), 1, [&](int64_t task, int64_t end, int thread) {
    const FlushDenormals scope;
    float *x = take(thread, 1, 2 * z.M * W), *u = take(thread, 2, kStretch * W), *y = take(thread, 3, kStretch * W);
    for (; task < end; task++) {
      const int64_t b = task / z.blocks(), block = task % z.blocks(), h = block * W;
      const int64_t lanes = z.H - h < W ? z.H - h : W;
      const V D = skip ? get(skip.f() + h, lanes) : V{};
      begin(start, z, b, h, lanes, x);
      for (int64_t t = 0; t < z.L; t += kStretch) {
        const int64_t n = z.L - t < kStretch ? z.L - t : kStretch, at = (b * z.L + t) * z.H + h;
        gather(c.in[0].f() + at, n, z.H, lanes, u);
        skipped(u, D, n, y);
        all_modes(coefficient + block * z.M * kRows * W, x, u, y, z.M, n);
        scatter(y, n, z.H, lanes, c.out[0].f() + at);
      }
      scatter(x, 2 * z.M, z.H, lanes, c.out[1].f() + b * z.M * 2 * z.H + h);
    }
  });
  return nullptr;
}

/** The states before each of n steps, of N modes together: path (mode, step, 2, lane), `jump` floats between modes. */
template <int N>
LC_INLINE void recompute(const float* coefficient, const float* x, const float* u, int64_t n, float* path, int64_t jump) {
  const Mode first(coefficient), second(coefficient + (N - 1) * kRows * W);
  V ar = load(x), ai = load(x + W), br = load(x + (2 * N - 2) * W), bi = load(x + (2 * N - 1) * W);
  for (int64_t t = 0; t < n; t++) {
    const V now = load(u + t * W);
    store(path + 2 * t * W, ar), store(path + (2 * t + 1) * W, ai);
    first.step(now, ar, ai);
    if (N == 1) continue;
    store(path + jump + 2 * t * W, br), store(path + jump + (2 * t + 1) * W, bi);
    second.step(now, br, bi);
  }
  store(path + 2 * n * W, ar), store(path + (2 * n + 1) * W, ai);
  if (N == 2) store(path + jump + 2 * n * W, br), store(path + jump + (2 * n + 1) * W, bi);
}

/**
 * A mode back through a stretch, along the states of `recompute`; l is carried in from the stretch behind and out to the
 * one before. Adds to du, and to sums of d, bbar and c (row, lane).
 */
static void walk_back(const float* coefficient, const float* path, float* l, const float* u, const float* g, float* du,
                      int64_t n, double* sums) {
  const Mode m(coefficient);
  V xr = load(path + 2 * n * W), xi = load(path + (2 * n + 1) * W);
  V lr = load(l), li = load(l + W), total[kRows] = {};
  for (int64_t t = n - 1; t >= 0; t--) {
    const V now = load(u + t * W), up = load(g + t * W);
    total[4] += xr * up, total[5] -= xi * up;
    xr = load(path + 2 * t * W), xi = load(path + (2 * t + 1) * W);
    lr += m.cr * up, li -= m.ci * up;
    const V Gr = lr * xr + li * xi, Gi = li * xr - lr * xi;
    const V both_r = Gr + lr, both_i = Gi + li;
    total[0] += Gr, total[1] += Gi;
    total[2] += now * both_r, total[3] += now * both_i;
    store(du + t * W, load(du + t * W) + (m.br * both_r + m.bi * both_i));
    const V fr = m.dr + m.br * now, fi = m.di + m.bi * now;
    const V tr = fr * lr + fi * li;
    li += fr * li - fi * lr;
    lr += tr;
  }
  store(l, lr), store(l + W, li);
  for (int r = 0; r < kRows; r++)
    for (int k = 0; k < W; k++) sums[r * W + k] += double(total[r][k]);
}

/** The chain rule from the sums of (sequence, block, mode, row, lane) to the stored parameters. */
static void pull(const Call& c, const Sizes& z, const double* sums, double* step_shares) {
  const Tensor &g_dt = c.gin[1], &g_re = c.gin[2], &g_im = c.gin[3], &g_B = c.gin[4], &g_C = c.gin[5];
  // A copy's gradient is the sum over the channels that share it: one task per copy, channels in order.
  parallel(z.S, 1, [&](int64_t s, int64_t end, int) {
    for (; s < end; s++)
      for (int64_t n = 0; n < z.M; n++) {
        const C64 A = A_of(c, s * z.M + n), B = pair_of(c.in[4].f(), s * z.M + n);
        C64 total_A = {0, 0}, total_B = {0, 0};
        for (int64_t h = s; h < z.H; h += z.S) {
          double t[kRows] = {};
          for (int64_t b = 0; b < z.B; b++)
            for (int r = 0; r < kRows; r++)
              t[r] += sums[(((b * z.blocks() + h / W) * z.M + n) * kRows + r) * W + h % W];
          const double dt = exp(double(c.in[1].f()[h]));
          const C64 f = input_factor(z.disc, A, dt, 1), g_b = {t[2], t[3]};
          const C64 g_log = conj(less_one(z.disc, A * dt) + C64{1, 0}) * C64{t[0], t[1]};
          C64 g_A;
          double g_delta;
          pull_step(z.disc, A, dt, 1, g_log, conj(B) * g_b, g_A, g_delta);
          total_A = total_A + g_A, total_B = total_B + conj(f) * g_b;
          step_shares[h * z.M + n] = dt * g_delta;
          if (g_C) g_C.f()[2 * (h * z.M + n)] = float(2 * t[4]), g_C.f()[2 * (h * z.M + n) + 1] = float(2 * t[5]);
        }
        const int64_t at = s * z.M + n;
        if (g_re) g_re.f()[at] = float(A.re * total_A.re);
        if (g_im) g_im.f()[at] = float(-total_A.im);
        if (g_B) g_B.f()[2 * at] = float(total_B.re), g_B.f()[2 * at + 1] = float(total_B.im);
      }
  });
  for (int64_t h = 0; g_dt && h < z.H; h++) {
    double sum = 0;
    for (int64_t n = 0; n < z.M; n++) sum += step_shares[h * z.M + n];
    g_dt.f()[h] = float(sum);
  }
}

const char* backward(const Call& c) {
  const Sizes z = sizes(c);
  const float* coefficient = coefficients(c, z);
  const Tensor &skip = c.in[6], &start = c.in[7], &g_u = c.gin[0], &g_D = c.gin[6];
  const int64_t tasks = z.B * z.blocks(), each = z.M * kRows * W;
  double* sums = static_cast<double*>(scratch(0, 8, size_t(tasks * (each + W) + z.H * z.M) * 8));
  double* skips = sums + tasks * each;
  parallel(tasks, 1, [&](int64_t task, int64_t end, int thread) {
    const FlushDenormals scope;
    float *x = take(thread, 1, 2 * z.M * W), *u = take(thread, 2, kStretch * W), *du = take(thread, 3, kStretch * W);
    float *g = take(thread, 4, kStretch * W), *path = take(thread, 5, 2 * kPath), *l = take(thread, 6, 2 * z.M * W);
    float* starts = take(thread, 7, z.stretches() * 2 * z.M * W);
    for (; task < end; task++) {
      const int64_t b = task / z.blocks(), block = task % z.blocks(), h = block * W;
      const int64_t lanes = z.H - h < W ? z.H - h : W;
      const float* mine = coefficient + block * z.M * kRows * W;
      const V D = skip ? get(skip.f() + h, lanes) : V{};
      begin(start, z, b, h, lanes, x);
      for (int64_t q = 0; q < z.stretches(); q++) {
        const int64_t t = q * kStretch, n = z.L - t < kStretch ? z.L - t : kStretch;
        for (int64_t i = 0; i < 2 * z.M * W; i += W) store(starts + q * 2 * z.M * W + i, load(x + i));
        if (q + 1 == z.stretches()) break;
        gather(c.in[0].f() + (b * z.L + t) * z.H + h, n, z.H, lanes, u);
        all_modes(mine, x, u, nullptr, z.M, n);
      }
      double *sum = sums + task * each, *skip_sum = skips + task * W;
      for (int64_t i = 0; i < each; i++) sum[i] = 0;
      for (int k = 0; k < W; k++) skip_sum[k] = 0;
      for (int64_t i = 0; i < 2 * z.M * W; i++) l[i] = 0;
      for (int64_t q = z.stretches() - 1; q >= 0; q--) {
        const int64_t t = q * kStretch, n = z.L - t < kStretch ? z.L - t : kStretch, at = (b * z.L + t) * z.H + h;
        gather(c.in[0].f() + at, n, z.H, lanes, u);
        if (c.gout[0])
          gather(c.gout[0].f() + at, n, z.H, lanes, g);
        else
          for (int64_t i = 0; i < n; i++) store(g + i * W, V{});
        skipped(g, D, n, du);
        V dD = V{};
        for (int64_t i = 0; i < n; i++) dD += load(u + i * W) * load(g + i * W);
        for (int k = 0; k < W; k++) skip_sum[k] += double(dD[k]);
        for (int64_t m = 0; m < z.M; m++) {
          const float *k = mine + m * kRows * W, *x0 = starts + (q * z.M + m) * 2 * W;
          if (m % 2 == 0) {
            if (m + 1 < z.M)
              recompute<2>(k, x0, u, n, path, kPath);
            else
              recompute<1>(k, x0, u, n, path, kPath);
          }
          walk_back(k, path + m % 2 * kPath, l + m * 2 * W, u, g, du, n, sum + m * kRows * W);
        }
        if (g_u) scatter(du, n, z.H, lanes, g_u.f() + at);
      }
    }
  });
  pull(c, z, sums, skips + tasks * W);
  for (int64_t h = 0; g_D && h < z.H; h++) {
    double sum = 0;
    for (int64_t b = 0; b < z.B; b++) sum += skips[(b * z.blocks() + h / W) * W + h % W];
    g_D.f()[h] = float(sum);
  }
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("liquid-scan", "forward", longconv::forward)
LONGCONV_KERNEL("liquid-scan", "backward", longconv::backward)
