// Scan of a constant diagonal recurrence over the S complex states of B sequences (op.ts).
//
// Floor: bytes, 16 a complex state and step forward (v read, x written), 24 backward (g and x read, v' written); 8 and 16
// flops. Memory bound by far as soon as the states outgrow the caches.
// Strategy: states are the vector lanes, so every load is contiguous and no step waits for a shuffle; a task is one
// sequence and four vectors of states, whose eight chains of dependent operations hide each other's latency.
// a is held as a float and its float remainder, both from float64: the only error left is the rounding of each step,
// which does not add up coherently as an error of a would over the thousands of steps that a slow state remembers.
// attr: sides.
#include <math.h>

#include "denormals.h"
#include "kernel.h"
#include "simd.h"

namespace longconv {
namespace {

constexpr int kBlock = 4;           // vectors of states that a task moves together
constexpr int64_t kStretch = 64;    // steps whose products are summed in float32 before they join a float64 sum

/** a = exp(w) as high + low: four rows of S floats and zeros up to a whole vector. */
struct Steps {
  const float *hr, *hi, *lr, *li;
};

static Steps steps_of(const float* log_re, const float* log_im, int64_t S) {
  const int64_t stride = (S + W - 1) / W * W;
  float* room = static_cast<float*>(scratch(0, 0, size_t(4 * stride) * 4));
  for (int64_t s = 0; s < stride; s++) {
    const double m = s < S ? exp(double(log_re[s])) : 0, phase = s < S ? double(log_im[s]) : 0;
    const double re = m * cos(phase), im = m * sin(phase);
    room[s] = float(re), room[stride + s] = float(im);
    room[2 * stride + s] = float(re - double(float(re))), room[3 * stride + s] = float(im - double(float(im)));
  }
  return {room, room + stride, room + 2 * stride, room + 3 * stride};
}

/** Vectors of a block, the last one of `part` lanes where Part. */
template <int N, bool Part>
LC_INLINE V take(const float* p, int j, int part) {
  return Part && j == N - 1 ? load_part(p + j * W, part) : load(p + j * W);
}
template <int N, bool Part>
LC_INLINE void put(float* p, V a, int j, int part) {
  if (Part && j == N - 1)
    store_part(p + j * W, a, part);
  else
    store(p + j * W, a);
}

/** v and x at a task's first state and first step; `jump_v`, `jump_x` floats to the next step taken (may be negative). */
template <int N, bool Part>
static void scan(const Steps& a, const float* v, int64_t jump_v, float* x, int64_t jump_x, const float* start, int64_t S,
                 int64_t L, int part) {
  V xr[N], xi[N];
  for (int j = 0; j < N; j++) {
    xr[j] = start ? take<N, Part>(start, j, part) : V{};
    xi[j] = start ? take<N, Part>(start + S, j, part) : V{};
  }
  for (int64_t t = 0; t < L; t++, v += jump_v, x += jump_x)
#pragma GCC unroll 4
    for (int j = 0; j < N; j++) {
      const V hr = load(a.hr + j * W), hi = load(a.hi + j * W), lr = load(a.lr + j * W), li = load(a.li + j * W);
      const V re = take<N, Part>(v, j, part) + (lr * xr[j] - li * xi[j]);
      const V im = take<N, Part>(v + S, j, part) + (lr * xi[j] + li * xr[j]);
      const V next = re + (hr * xr[j] - hi * xi[j]);
      xi[j] = im + (hr * xi[j] + hi * xr[j]);
      xr[j] = next;
      put<N, Part>(x, xr[j], j, part);
      put<N, Part>(x + S, xi[j], j, part);
    }
}

/** The scan backward in the order of steps: pointers at the side's last step, jumps towards its first. */
template <int N, bool Part, bool Add>
static void scan_back(const Steps& a, const float* g, const float* x, int64_t jump_x, float* gv, int64_t jump_v,
                      const float* start, int64_t S, int64_t L, int part, double* sums) {
  V lr[N], li[N];
  for (int j = 0; j < N; j++) lr[j] = li[j] = V{};
  for (int64_t done = 0; done < L; done += kStretch) {
    const int64_t stop = L - done < kStretch ? L : done + kStretch;
    V ar[N], ai[N];
    for (int j = 0; j < N; j++) ar[j] = ai[j] = V{};
    for (int64_t t = done; t < stop; t++, g += jump_x, x += jump_x) {
      const float* before = t + 1 < L ? x + jump_x : start;
#pragma GCC unroll 4
      for (int j = 0; j < N; j++) {
        const V hr = load(a.hr + j * W), hi = load(a.hi + j * W), er = load(a.lr + j * W), ei = load(a.li + j * W);
        const V re = take<N, Part>(g, j, part) + (er * lr[j] + ei * li[j]);
        const V im = take<N, Part>(g + S, j, part) + (er * li[j] - ei * lr[j]);
        const V next = re + (hr * lr[j] + hi * li[j]);
        li[j] = im + (hr * li[j] - hi * lr[j]);
        lr[j] = next;
        if (before) {
          const V pr = take<N, Part>(before, j, part), pi = take<N, Part>(before + S, j, part);
          ar[j] += pr * lr[j] + pi * li[j];
          ai[j] += pr * li[j] - pi * lr[j];
        }
        if (gv) {
          put<N, Part>(gv, Add ? take<N, Part>(gv, j, part) + lr[j] : lr[j], j, part);
          put<N, Part>(gv + S, Add ? take<N, Part>(gv + S, j, part) + li[j] : li[j], j, part);
        }
      }
      if (gv) gv += jump_v;
    }
    for (int j = 0; j < N; j++)
      for (int k = 0; k < (Part && j == N - 1 ? part : W); k++)
        sums[j * W + k] += double(ar[j][k]), sums[S + j * W + k] += double(ai[j][k]);
  }
}

/** Blocks of four whole vectors, then single vectors, the last one in part. */
struct Blocks {
  int64_t S, whole;
  explicit Blocks(int64_t S) : S(S), whole(S / (kBlock * W)) {}
  int64_t count() const { return whole + (S - whole * kBlock * W + W - 1) / W; }
  int64_t first(int64_t i) const { return i < whole ? i * kBlock * W : whole * kBlock * W + (i - whole) * W; }
};

const char* forward(const Call& call) {
  const Tensor &v = call.in[0], &start = call.in[3], &x = call.out[0];
  const int64_t B = v.dim[0], L = v.dim[1], columns = v.dim[2], S = columns / 2, sides = int64_t(call.attr[0]);
  const Steps a = steps_of(call.in[1].f(), call.in[2].f(), S);
  const Blocks blocks(S);
  parallel(B * blocks.count(), 1, [&](int64_t task, int64_t end, int) {
    const FlushDenormals scope;
    for (; task < end; task++) {
      const int64_t b = task / blocks.count(), i = task % blocks.count(), s = blocks.first(i);
      const Steps mine = {a.hr + s, a.hi + s, a.lr + s, a.li + s};
      const float* from = start ? start.f() + b * columns + s : nullptr;
      for (int64_t side = 0; side < sides; side++) {
        const int64_t t = side == 0 ? 0 : L - 1, jump_v = side == 0 ? columns : -columns, jump_x = jump_v * sides;
        const float* in = v.f() + (b * L + t) * columns + s;
        float* out = x.f() + (b * L + t) * columns * sides + side * columns + s;
        if (i < blocks.whole)
          scan<kBlock, false>(mine, in, jump_v, out, jump_x, from, S, L, 0);
        else
          scan<1, true>(mine, in, jump_v, out, jump_x, from, S, L, S - s < W ? int(S - s) : W);
      }
    }
  });
  return nullptr;
}

const char* backward(const Call& call) {
  const Tensor &start = call.in[3], &x = call.out[0], &g = call.gout[0];
  const Tensor &gv = call.gin[0], &g_re = call.gin[1], &g_im = call.gin[2];
  const int64_t sides = int64_t(call.attr[0]), B = x.dim[0], L = x.dim[1], all = x.dim[2], columns = all / sides;
  const int64_t S = columns / 2;
  const Steps a = steps_of(call.in[1].f(), call.in[2].f(), S);
  double* sums = static_cast<double*>(scratch(0, 1, size_t(B * columns) * 8));
  const Blocks blocks(S);
  parallel(B * blocks.count(), 1, [&](int64_t task, int64_t end, int) {
    const FlushDenormals scope;
    for (; task < end; task++) {
      const int64_t b = task / blocks.count(), i = task % blocks.count(), s = blocks.first(i);
      const Steps mine = {a.hr + s, a.hi + s, a.lr + s, a.li + s};
      const int64_t n = i < blocks.whole ? kBlock * W : S - s < W ? S - s : W;
      double* sum = sums + b * columns + s;
      for (int64_t k = 0; k < n; k++) sum[k] = sum[S + k] = 0;
      const float* from = start ? start.f() + b * columns + s : nullptr;
      for (int64_t side = 0; side < sides; side++) {
        const int64_t t = side == 0 ? L - 1 : 0, jump_v = side == 0 ? -columns : columns, jump_x = jump_v * sides;
        const int64_t at = (b * L + t) * all + side * columns + s;
        float* to = gv ? gv.f() + (b * L + t) * columns + s : nullptr;
        const int part = int(n);
        if (i < blocks.whole) {
          if (side == 0)
            scan_back<kBlock, false, false>(mine, g.f() + at, x.f() + at, jump_x, to, jump_v, from, S, L, 0, sum);
          else
            scan_back<kBlock, false, true>(mine, g.f() + at, x.f() + at, jump_x, to, jump_v, from, S, L, 0, sum);
        } else {
          if (side == 0)
            scan_back<1, true, false>(mine, g.f() + at, x.f() + at, jump_x, to, jump_v, from, S, L, part, sum);
          else
            scan_back<1, true, true>(mine, g.f() + at, x.f() + at, jump_x, to, jump_v, from, S, L, part, sum);
        }
      }
    }
  });
  // w' = conj(a) a', the sequences in order.
  for (int64_t s = 0; s < S; s++) {
    double re = 0, im = 0;
    for (int64_t b = 0; b < B; b++) re += sums[b * columns + s], im += sums[b * columns + S + s];
    const double ar = double(a.hr[s]) + double(a.lr[s]), ai = double(a.hi[s]) + double(a.li[s]);
    if (g_re) g_re.f()[s] = float(ar * re + ai * im);
    if (g_im) g_im.f()[s] = float(ar * im - ai * re);
  }
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("diagonal-scan", "forward", longconv::forward)
LONGCONV_KERNEL("diagonal-scan", "backward", longconv::backward)
