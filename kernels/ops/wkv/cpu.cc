// WKV of RWKV-4: a softmax over the past by recurrence in time, forward and backward (formulas in op.ts).
//
// Floor: memory, 12 bytes an element forward (k, v, y), 20 backward (k, v, g, dk, dv), beside one state in 32 steps.
// Strategy: lanes are channels. A task is one sequence and up to 256 channels, 32 steps at a time: rows are read in
// pieces of a kilobyte, which no processor prefetches by itself, so the next tile is asked for. The past is a e^o over
// b e^o with a reference o that stays where it is until a key leaves its range or b dies out; then one slow step moves
// it. So a step has one exponential, e^(k - o), and o, a whole number, loses nothing however long it is carried. The
// decay is a factor in two floats: thousands of roundings of it would be all alike. The backward pass computes 32 steps
// again from the stored state and walks them backwards in the same references (one that moved is one more factor),
// without an exponential of its own. It sums about the last y seen, so that v - y, which is small where one key
// dominates, is not the difference of two large sums.
#include <math.h>

#include "kernel.h"
#include "rows.h"
#include "simd-math.h"

namespace longconv {
namespace {

constexpr int64_t kStride = 32;  // op.ts: stride
constexpr int64_t kTask = 256;   // channels of a task: a multiple of W
constexpr float kNothing = -1e30f;
constexpr float kHighest = 20;    // largest k - o of a plain step
constexpr float kLeast = 1e-15f;  // smallest b of a plain step
constexpr float kLowest = -80;    // smallest k - o of a plain step where the decay may leave nothing else
constexpr float kPlain = 30;      // largest |first| whose exponential may be a factor

/** Whether any lane is above zero. */
LC_INLINE bool any_positive(V x) {
#if defined(__AVX512F__) && !defined(__clang__)
  return __builtin_ia32_cmpps512_mask(x, V{}, 30, uint16_t(-1), 4) != 0;
#elif defined(__AVX__) && !defined(__clang__)
  return __builtin_ia32_movmskps256((V)(x > V{})) != 0;
#elif defined(__SSE__) && !defined(__clang__)
  return __builtin_ia32_movmskps((V)(x > V{})) != 0;
#else
  return hmax(x) > 0;
#endif
}

struct Sizes {
  int64_t B, T, C, tiles, groups;
  explicit Sizes(const Call& c)
      : B(c.in[0].dim[0]), T(c.in[0].dim[1]), C(c.in[0].dim[2]), tiles((T + kStride - 1) / kStride),
        groups((C + kTask - 1) / kTask) {}
  /** Row a of state `i` of sequence b; b and o follow, C apart. */
  int64_t state_at(int64_t b, int64_t i) const { return (b * (tiles + 1) + i) * 3 * C; }
};

double decay_of(float logarithm) {
  const double d = exp(double(logarithm));
  return d < 1e6 ? d : 1e6;  // op.ts: fastest
}

/** Per channel, from float64: e^-d = keep + rest, the bonus and its exponential, what a plain step takes. */
struct Rates {
  float keep[kTask], rest[kTask], decay[kTask], first[kTask], bonus[kTask], lowest[kTask];
  bool plain;
  void fill(const float* log_decay, const float* u, int64_t n) {
    plain = true;
    for (int64_t c = 0; c < kTask; c++) {
      const double d = c < n ? decay_of(log_decay[c]) : 1, w = exp(-d);
      // Close to 1 the product with `keep` is exact, and `rest` the decay to full precision.
      keep[c] = w > 0.5 ? 1 : float(w), rest[c] = float(w > 0.5 ? expm1(-d) : w - double(keep[c]));
      decay[c] = float(d), first[c] = c < n ? u[c] : 0, lowest[c] = w > 1e-15 ? -3e38f : kLowest;
      plain = plain && first[c] <= kPlain && first[c] >= -kPlain;
      bonus[c] = plain ? float(exp(double(first[c]))) : 0;
    }
  }
};
struct Rate {
  V keep, rest, decay, first, bonus, lowest;
  Rate(const Rates& r, int64_t at)
      : keep(load(r.keep + at)), rest(load(r.rest + at)), decay(load(r.decay + at)), first(load(r.first + at)),
        bonus(load(r.bonus + at)), lowest(load(r.lowest + at)) {}
};

/** x e^-d + more. */
LC_INLINE V aged(V x, const Rate& r, V more) { return fma(r.keep, x, fma(r.rest, x, more)); }

struct State {
  V a, b, o;
};

/** What the walk backwards needs of a step; `moved` and `kept` only where the reference moved. */
struct Kept {
  V e, y, own, share;  // e^(k - o), y, weight of v_t, 1 / denominator: the last two times g
  V moved, kept;       // factors of a and b before the step, and from there to after it
};

/** The nearest whole number, where float32 still has fractions. */
LC_INLINE V whole(V x) {
  const V far = splat(12582912.0f);
  return vabs(x) < splat(4e6f) ? (x + far) - far : x;
}

/** One step from and to references of its own choice, in which nothing of importance leaves the range. */
__attribute__((noinline)) void slow_step(State& s, V k, V v, const Rate& r, Kept& x) {
  const V one = splat(1);
  // The exponent of b is close enough to its logarithm: any reference near by will do.
  const V size = __builtin_convertvector((as_int(s.b) >> splati(23)) - splati(127), V);
  const V before = whole(s.b > V{} ? fma(size, splat(0.6931472f), s.o) : k);
  x.moved = vexp(s.o - before);
  const V a = s.a * x.moved, b = s.b * x.moved;
  const V d = (k - before) + r.first, small = vexp(V{} - vabs(d)), old = d > V{} ? small : one, now = d > V{} ? one : small;
  x.share = one / fma(old, b, now);
  x.y = fma(old, a, now * v) * x.share;
  x.own = now * x.share, x.share *= old;
  s.o = whole(vmax(before - r.decay, k));
  const V move = before - s.o;
  x.kept = r.decay < splat(30.0f) ? (r.keep + r.rest) * vexp(move) : vexp(move - r.decay);
  x.e = vexp(k - s.o);
  s.a = fma(x.kept, a, x.e * v);
  s.b = fma(x.kept, b, x.e);
}

/** As slow_step, on copies: the state of the plain steps around it stays in registers. */
LC_INLINE void seldom(State& s, V k, V v, const Rate& r, Kept& x) {
  State copy = s;
  Kept made;
  slow_step(copy, k, v, r, made);
  s = copy, x = made;
}

/** One step in the present reference. */
template <bool Plain>
LC_INLINE void plain_step(State& s, V k, V v, const Rate& r, Kept& x) {
  const V d = k - s.o;
  x.e = vexp(d);
  // Above e^60 nothing of the past is left, and below e^-87 nothing of the present.
  const V now = Plain ? x.e * r.bonus : vexp(vmin(d + r.first, splat(60.0f)));
  x.share = reciprocal(s.b + now);
  x.y = fma(now, v, s.a) * x.share;
  x.own = now * x.share;
  s.a = aged(s.a, r, x.e * v);
  s.b = aged(s.b, r, x.e);
}

LC_INLINE bool must_move(const State& s, V k, const Rate& r) {
  const V d = k - s.o;
  return any_positive(vmax(vmax(d - splat(kHighest), r.lowest - d), splat(kLeast) - s.b));
}

LC_INLINE State load_state(const float* from, int64_t C, int64_t left) {
  return {get(from, left), get(from + C, left), get(from + 2 * C, left)};
}
LC_INLINE void store_state(float* to, int64_t C, const State& s, int64_t left) {
  put(to, s.a, left), put(to + C, s.b, left), put(to + 2 * C, s.o, left);
}

/** Up to 32 steps of up to W channels. */
template <bool Plain>
void forward_tile(State& s, const Rate r, const float* k, const float* v, float* y, int64_t C, int64_t steps,
                  int64_t left) {
  State at = s;
  for (int64_t t = 0; t < steps; t++, k += C, v += C, y += C) {
    __builtin_prefetch(k + kStride * C), __builtin_prefetch(v + kStride * C), __builtin_prefetch(y + kStride * C, 1);
    const V kt = get(k, left), vt = get(v, left);
    Kept x;
    if (__builtin_expect(must_move(at, kt, r), 0)) seldom(at, kt, vt, r, x);
    else plain_step<Plain>(at, kt, vt, r, x);
    put(y, x.y, left);
  }
  s = at;
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
      State s[kTask / W];
      for (int64_t at = 0; at < n; at += W)
        s[at / W] = start ? load_state(start + b * 3 * C + c0 + at, C, n - at) : State{V{}, V{}, splat(kNothing)};
      for (int64_t i = 0; i <= z.tiles; i++)
        for (int64_t at = 0; at < n; at += W) {
          const int64_t left = n - at, t0 = i * kStride, steps = t0 + kStride < z.T ? kStride : z.T - t0;
          store_state(states + z.state_at(b, i) + c0 + at, C, s[at / W], left);
          const int64_t x = (b * z.T + t0) * C + c0 + at;
          const auto tile = rates.plain ? forward_tile<true> : forward_tile<false>;
          tile(s[at / W], Rate(rates, at), k + x, v + x, y + x, C, steps, left);
        }
    }
  });
  return nullptr;
}

/** Sums over the steps after the present one: R = sum c, S = sum c (y - mean), and both weighted by age. */
struct Later {
  V R, S, aged_R, aged_S, mean, o;
  static inline __attribute__((always_inline)) void scale(Later& m, V f) { m.R *= f, m.S *= f, m.aged_R *= f, m.aged_S *= f; }
};

/** Up to 32 steps computed again; returns a bit for each whose reference moved. */
template <bool Plain>
uint32_t again(State& s, const Rate r, const float* k, const float* v, const float* g, int64_t C, int64_t steps,
               int64_t left, Kept* kept) {
  uint32_t moves = 0;
  State at = s;
  for (int64_t t = 0; t < steps; t++, k += C, v += C, g += C) {
    __builtin_prefetch(k - kStride * C), __builtin_prefetch(v - kStride * C), __builtin_prefetch(g - kStride * C);
    const V kt = get(k, left), vt = get(v, left), gt = get(g, left);
    Kept& x = kept[t];
    if (__builtin_expect(must_move(at, kt, r), 0)) seldom(at, kt, vt, r, x), moves |= 1u << t;
    else plain_step<Plain>(at, kt, vt, r, x);
    x.own *= gt, x.share *= gt;
  }
  s = at;
  return moves;
}

/** Gradients of one tile; the two sums are those of the decay and of the bonus. */
struct Walk {
  const float* v;
  float *dk, *dv;
  int64_t C, steps, left;
  uint32_t moves;
  const Kept* kept;
};
void walk(Later& later, const Rate r, const Walk w, V& of_decay, V& of_first) {
  Later m = later;
  V sum_decay{}, sum_first{};
  for (int64_t t = w.steps - 1; t >= 0; t--) {
    const Kept& x = w.kept[t];
    const V vt = get(w.v + t * w.C, w.left), near = vt - m.mean, own = x.own * (vt - x.y);
    __builtin_prefetch(w.dv + (t - kStride) * w.C, 1), __builtin_prefetch(w.dk + (t - kStride) * w.C, 1);
    if (w.dv) put(w.dv + t * w.C, fma(x.e, m.R, x.own), w.left);
    if (w.dk) put(w.dk + t * w.C, fma(x.e, fma(near, m.R, V{} - m.S), own), w.left);
    sum_first += own;
    sum_decay -= x.e * fma(near, m.aged_R, V{} - m.aged_S);
    const V shift = m.mean - x.y, S = fma(shift, m.R, m.S);
    const V aged_S = fma(shift, m.aged_R, m.aged_S) + S, aged_R = m.aged_R + m.R;
    m.mean = x.y;
    if (w.moves >> t & 1) {
      m.aged_S = x.kept * aged_S, m.aged_R = x.kept * aged_R, m.S = x.kept * S, m.R = fma(x.kept, m.R, x.share);
      Later::scale(m, x.moved);
    } else {
      m.aged_S = aged(aged_S, r, V{}), m.aged_R = aged(aged_R, r, V{});
      m.S = aged(S, r, V{}), m.R = aged(m.R, r, x.share);
    }
  }
  later = m;
  of_decay = sum_decay, of_first = sum_first;
}

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
    for (; task < end; task++) {
      const int64_t b = task / z.groups, c0 = task % z.groups * kTask, n = C - c0 < kTask ? C - c0 : kTask;
      Rates rates;
      rates.fill(call.in[2].f() + c0, call.in[3].f() + c0, n);
      double *of_decay = sums + b * 2 * C + c0, *of_first = of_decay + C;
      for (int64_t c = 0; c < n; c++) of_decay[c] = of_first[c] = 0;
      Later later[kTask / W];
      for (Later& m : later) m = {V{}, V{}, V{}, V{}, V{}, V{}};
      for (int64_t i = z.tiles - 1; i >= 0; i--)
        for (int64_t at = 0; at < n; at += W) {
          const int64_t left = n - at, t0 = i * kStride, steps = t0 + kStride < z.T ? kStride : z.T - t0;
          const int64_t x = (b * z.T + t0) * C + c0 + at;
          const Rate r(rates, at);
          const State first = load_state(states + z.state_at(b, i) + c0 + at, C, left);
          State s = first;
          const auto compute = rates.plain ? again<true> : again<false>;
          const uint32_t moves = compute(s, r, k + x, v + x, g + x, C, steps, left, kept);
          Later& m = later[at / W];
          // The same steps again end in the same references, unless their code was contracted in another way.
          if (i < z.tiles - 1 && any_positive(vabs(s.o - m.o))) Later::scale(m, vexp(s.o - m.o));
          V sum_decay, sum_first;
          walk(m, r, {v + x, dk ? dk + x : nullptr, dv ? dv + x : nullptr, C, steps, left, moves, kept}, sum_decay,
               sum_first);
          m.o = first.o;
          // The state before step 0 ages with every step.
          if (i == 0) sum_decay -= fma(V{} - first.b, m.mean, first.a) * m.aged_R - first.b * m.aged_S;
          for (int j = 0; j < W && j < left; j++)
            of_decay[at + j] += double(sum_decay[j]), of_first[at + j] += double(sum_first[j]);
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
