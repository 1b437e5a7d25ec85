// WKV of RWKV-4: a softmax over the past by recurrence in time, forward and backward (formulas in op.ts).
//
// Memory bound: 12 bytes an element forward (k, v, y), 20 backward (k, v, g, dk, dv), beside one state in 32 steps.
// Strategy: lanes are channels. A task is one sequence and up to 128 channels, 32 steps at a time, so that rows are
// read in pieces of 512 bytes; the backward pass computes 32 steps again from the stored state and walks them
// backwards. Two exponentials a step forward (one of each pair e^(x - max), e^(y - max) is 1), four backward.
//
// Running maxima fall by the decay at every step: thousands of roundings, all alike. So they are kept in two floats.
// Backward scans run about the last y seen, so that v - y, which is small where one key dominates, is not the
// difference of two large sums.
#include <math.h>

#include "kernel.h"
#include "rows.h"
#include "simd-math.h"

namespace longconv {
namespace {

constexpr int64_t kStride = 32;  // op.ts: stride
constexpr int kPair = 2;         // vectors side by side: one hides the other's latency
constexpr int64_t kLanes = kPair * W;
constexpr int64_t kTask = 128;  // channels of a task: a multiple of kLanes
constexpr float kNothing = -1e30f;

/** A running maximum in two floats, head + rest. */
struct Top {
  V head, rest;
  /** Minus the decay: the rounding of the difference goes to the rest. */
  inline __attribute__((always_inline)) Top less(V d, V d_rest) const {
    const V s = head - d, back = s - head;
    return {s, rest + ((head - (s - back)) - (d + back)) - d_rest};
  }
  inline __attribute__((always_inline)) V below(V x) const { return (x - head) - rest; }
};
LC_INLINE Top pick(VI where, V x, Top other) { return {where ? x : other.head, where ? V{} : other.rest}; }

struct State {
  V a, b;
  Top o;
};

/** Lanes of vector j of a group with n channels left. */
LC_INLINE int64_t lanes_of(int64_t n, int j) {
  const int64_t m = n - j * W;
  return m < 0 ? 0 : m;
}

struct Sizes {
  int64_t B, T, C, tiles, groups;
  explicit Sizes(const Call& c)
      : B(c.in[0].dim[0]), T(c.in[0].dim[1]), C(c.in[0].dim[2]), tiles((T + kStride - 1) / kStride),
        groups((C + kTask - 1) / kTask) {}
  /** Row `r` of state `i` of sequence b. */
  int64_t state_at(int64_t b, int64_t i, int64_t r) const { return ((b * (tiles + 1) + i) * 3 + r) * C; }
};

double decay_of(float logarithm) {
  const double d = exp(double(logarithm));
  return d < 1e6 ? d : 1e6;  // op.ts: fastest
}

/** Per channel, from float64: the decay in two floats and the bonus. */
struct Rates {
  float decay[kTask], rest[kTask], first[kTask];
  void fill(const float* log_decay, const float* bonus, int64_t n) {
    for (int64_t c = 0; c < kTask; c++) {
      const double d = c < n ? decay_of(log_decay[c]) : 1;
      decay[c] = float(d), rest[c] = float(d - double(decay[c])), first[c] = c < n ? bonus[c] : 0;
    }
  }
};

struct Output {
  V y, inverse, now, top;  // y, 1 / denominator, weight of v before division, the maximum
};

/** y of one step, from the state before it. */
LC_INLINE Output output(const State& s, V k, V v, V first) {
  const V q = k + first, d = s.o.below(q), e = vexp(V{} - vabs(d));
  const VI up = d > V{};
  const V one = splat(1), old = up ? e : one, now = up ? one : e;
  const V inverse = one / fma(old, s.b, now);
  return {fma(old, s.a, now * v) * inverse, inverse, now, up ? q : s.o.head + s.o.rest};
}

LC_INLINE State step(const State& s, V k, V v, V decay, V rest) {
  const Top o = s.o.less(decay, rest);
  const V d = o.below(k), e = vexp(V{} - vabs(d)), one = splat(1);
  const VI up = d > V{};
  const V f = up ? e : one, now = up ? one : e;
  return {fma(f, s.a, now * v), fma(f, s.b, now), pick(up, k, o)};
}

/** Rows a, b, o of one group of states; the rest of o goes into a and b. */
LC_INLINE void save(float* to, int64_t C, const State& s, int64_t left) {
  const V scale = splat(1) + s.o.rest;
  put(to, s.a * scale, left), put(to + C, s.b * scale, left), put(to + 2 * C, s.o.head, left);
}
LC_INLINE State restore(const float* from, int64_t C, int64_t left) {
  return {get(from, left), get(from + C, left), {get(from + 2 * C, left), V{}}};
}

const char* forward(const Call& call) {
  const Sizes z(call);
  const float *k = call.in[0].f(), *v = call.in[1].f(), *start = call.in[4].f();
  float *y = call.out[0].f(), *states = call.out[1].f();
  const int64_t C = z.C;
  parallel(z.B * z.groups, 1, [&](int64_t task, int64_t end, int) {
    for (; task < end; task++) {
      const int64_t b = task / z.groups, c0 = task % z.groups * kTask, n = C - c0 < kTask ? C - c0 : kTask;
      Rates rates;
      rates.fill(call.in[2].f() + c0, call.in[3].f() + c0, n);
      float carry[4][kTask];  // a, b, head and rest of o between tiles
      for (int64_t c = 0; c < kTask; c++) carry[0][c] = carry[1][c] = carry[3][c] = 0, carry[2][c] = kNothing;
      for (int64_t c = 0; start && c < n; c++)
        for (int r = 0; r < 3; r++) carry[r][c] = start[(b * 3 + r) * C + c0 + c];
      for (int64_t i = 0; i <= z.tiles; i++)
        for (int64_t g = 0; g < n; g += kLanes) {
          State s[kPair];
          for (int j = 0; j < kPair; j++) {
            const int64_t at = g + j * W, left = lanes_of(n - g, j);
            s[j] = {load(carry[0] + at), load(carry[1] + at), {load(carry[2] + at), load(carry[3] + at)}};
            if (left) save(states + z.state_at(b, i, 0) + c0 + at, C, s[j], left);
          }
          const int64_t t1 = (i + 1) * kStride < z.T ? (i + 1) * kStride : z.T;
          for (int64_t t = i * kStride; t < t1; t++) {
            const int64_t row = (b * z.T + t) * C + c0 + g;
            for (int j = 0; j < kPair; j++) {
              const int64_t at = g + j * W, left = lanes_of(n - g, j);
              const V kt = get(k + row + j * W, left), vt = get(v + row + j * W, left);
              put(y + row + j * W, output(s[j], kt, vt, load(rates.first + at)).y, left);
              s[j] = step(s[j], kt, vt, load(rates.decay + at), load(rates.rest + at));
            }
          }
          for (int j = 0; j < kPair; j++) {
            const int64_t at = g + j * W;
            store(carry[0] + at, s[j].a), store(carry[1] + at, s[j].b);
            store(carry[2] + at, s[j].o.head), store(carry[3] + at, s[j].o.rest);
          }
        }
    }
  });
  return nullptr;
}

/** Sums over the steps after the present one: R = sum c, S = sum c (y - mean), and both weighted by age. */
struct Later {
  V R, S, aged_R, aged_S, mean;
  Top p;
};

/** What the walk backwards needs of one step. */
struct Kept {
  V y, own, share, top;  // y, g times the weight of v_t, g / denominator, the maximum
};

const char* backward(const Call& call) {
  const Sizes z(call);
  const float *k = call.in[0].f(), *v = call.in[1].f(), *states = call.out[1].f(), *g = call.gout[0].f();
  float *dk = call.gin[0].f(), *dv = call.gin[1].f();
  const int64_t C = z.C;
  if (!g) {
    for (int i = 0; i < 4; i++)
      if (call.gin[i]) __builtin_memset(call.gin[i].data, 0, size_t(call.gin[i].size()) * 4);
    return nullptr;
  }
  double* sums = static_cast<double*>(scratch(0, 5, size_t(z.B * 2 * C) * 8));
  parallel(z.B * z.groups, 1, [&](int64_t task, int64_t end, int thread) {
    Kept* kept = static_cast<Kept*>(scratch(thread, 0, size_t(kStride) * sizeof(Kept)));
    Later* later = static_cast<Later*>(scratch(thread, 1, size_t(kTask / W) * sizeof(Later)));
    for (; task < end; task++) {
      const int64_t b = task / z.groups, c0 = task % z.groups * kTask, n = C - c0 < kTask ? C - c0 : kTask;
      Rates rates;
      rates.fill(call.in[2].f() + c0, call.in[3].f() + c0, n);
      double *of_decay = sums + b * 2 * C + c0, *of_first = of_decay + C;
      for (int64_t c = 0; c < n; c++) of_decay[c] = of_first[c] = 0;
      for (int64_t j = 0; j < kTask / W; j++) later[j] = {V{}, V{}, V{}, V{}, V{}, {splat(kNothing), V{}}};
      for (int64_t i = z.tiles - 1; i >= 0; i--)
        for (int64_t at = 0; at < n; at += W) {
          const int64_t left = n - at, t0 = i * kStride, t1 = t0 + kStride < z.T ? t0 + kStride : z.T;
          const V decay = load(rates.decay + at), rest = load(rates.rest + at), first = load(rates.first + at);
          State s = restore(states + z.state_at(b, i, 0) + c0 + at, C, left);
          for (int64_t t = t0; t < t1; t++) {
            const int64_t x = (b * z.T + t) * C + c0 + at;
            const V kt = get(k + x, left), vt = get(v + x, left);
            const Output o = output(s, kt, vt, first);
            const V share = get(g + x, left) * o.inverse;
            kept[t - t0] = {o.y, share * o.now, share, o.top};
            s = step(s, kt, vt, decay, rest);
          }
          Later m = later[at / W];
          V sum_decay{}, sum_first{};
          for (int64_t t = t1 - 1; t >= t0; t--) {
            const int64_t x = (b * z.T + t) * C + c0 + at;
            const V kt = get(k + x, left), vt = get(v + x, left);
            const Kept& o = kept[t - t0];
            const V e = vexp((kt + m.p.head) + m.p.rest), near = vt - m.mean, own = o.own * (vt - o.y);
            if (dv) put(dv + x, fma(e, m.R, o.own), left);
            if (dk) put(dk + x, fma(e, fma(near, m.R, V{} - m.S), own), left);
            sum_first += own;
            sum_decay -= e * fma(near, m.aged_R, V{} - m.aged_S);
            const Top p = m.p.less(decay, rest);
            const V d = p.below(V{} - o.top), small = vexp(V{} - vabs(d)), one = splat(1), moved = m.mean - o.y;
            const VI up = d > V{};
            const V f = up ? small : one, now = up ? one : small;
            const V S = fma(moved, m.R, m.S);
            m.aged_S = f * (fma(moved, m.aged_R, m.aged_S) + S);
            m.aged_R = f * (m.aged_R + m.R);
            m.S = f * S;
            m.R = fma(f, m.R, now * o.share);
            m.mean = o.y;
            m.p = pick(up, V{} - o.top, p);
          }
          later[at / W] = m;
          for (int j = 0; j < W && j < left; j++)
            of_decay[at + j] += double(sum_decay[j]), of_first[at + j] += double(sum_first[j]);
          // The state before step 0 ages with every step.
          if (i == 0) {
            const State old = restore(states + z.state_at(b, 0, 0) + c0 + at, C, left);
            const V e = vexp((old.o.head + m.p.head) + m.p.rest);
            // Weight of its age after one step more than the scan's: t instead of t - 1 - i with i = -1.
            const V pull = e * (fma(V{} - old.b, m.mean, old.a) * m.aged_R - old.b * m.aged_S);
            for (int j = 0; j < W && j < left; j++) of_decay[at + j] -= double(pull[j]);
          }
        }
    }
  });
  for (int which = 0; which < 2; which++)
    if (float* to = call.gin[2 + which].f())
      for (int64_t c = 0; c < C; c++) {
        double sum = 0;
        for (int64_t b = 0; b < z.B; b++) sum += sums[(b * 2 + which) * C + c];
        to[c] = float(which ? sum : sum * decay_of(call.in[2].f()[c]));
      }
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("wkv", "forward", longconv::forward)
LONGCONV_KERNEL("wkv", "backward", longconv::backward)
