// Attention with a kernel of features and its gradients; formulas in op.ts. attr: causal, index of the map, eps, keyEps.
//
// Four sums have one form: out_i = sum over visible j of (x_i . y_j) z_j, with a running state sum_j z_j y_j^T.
//   o, norm   x = phi(q), y = phi(k), z = (v, 1)              keys before a query
//   d phi(q)  x = (g', delta), y = (v, 1), z = phi(k)         the same state, transposed
//   d phi(k)  x = (v, 1), y = (g', delta), z = phi(q)         queries after a key: time runs backwards
//   dv        x = phi(k), y = phi(q), z = g'                  the same state, transposed
// A chunk of kChunk steps takes what lies before it from the state (one product) and the rest from the masked products
// within it (two, above the diagonal in blocks of kBlock). Lanes are steps: masks, norms and slopes are lane by lane.
// Not causal: the state of all keys first, then one product a chunk.
//
// A task is a group of steps of one head. Where there are few heads, groups are several: their sums come first and are
// added in order. The groups and so the bits follow from shapes alone. Memory: that of the states, and chunks.
#include "gemm.h"
#include "kernel.h"
#include "pool.h"
#include "simd-math.h"
#include "transpose.h"

namespace longconv {
namespace {

using LONGCONV_ISA::gemm_tile;

constexpr int64_t kChunk = 32;    // steps
constexpr int64_t kBlock = 16;    // lanes whose visible steps are cut alike
constexpr int64_t kHeads = 8;     // heads that keep enough threads busy
constexpr int64_t kGroup = 512;   // least steps of a group
constexpr const char* kNoMemory = "no memory is left for the sums over keys: use a smaller batch or fewer threads";

int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
int64_t up(int64_t n, int64_t of) { return (n + of - 1) / of * of; }

struct Sizes {
  int64_t B, Sq, Sk, h, m, e, mp, e1, heads, T, groups, length, state;
  bool causal, elu;
  float eps, key_eps;
  const int32_t* lengths;
  explicit Sizes(const Call& c)
      : B(c.in[0].dim[0]), Sq(c.in[0].dim[1]), Sk(c.in[1].dim[1]), h(c.in[0].dim[2]), m(c.in[0].dim[3]),
        e(c.in[2].dim[3]), mp(up(m, W)), e1(e + 1), heads(B * h), T(most(Sq, Sk)), causal(c.attr[0] != 0),
        elu(c.attr[1] != 0), eps(float(c.attr[2])), key_eps(float(c.attr[3])),
        lengths(c.in[3] ? c.in[3].i() : nullptr) {
    groups = most(1, least((kHeads + heads - 1) / heads, T / kGroup));
    length = up((T + groups - 1) / groups, kChunk);
    groups = (T + length - 1) / length;
    state = up(e1 * mp, 16);
  }
  int64_t row(int64_t head, int64_t i, int64_t S) const { return (head / h * S + i) * h + head % h; }
  /** Keys that any query of this head may see. */
  int64_t keys(int64_t head) const { return lengths ? most(0, least(lengths[head / h], Sk)) : Sk; }
  int64_t begin(int64_t g) const { return g * length; }
  int64_t end(int64_t g) const { return least(T, (g + 1) * length); }
};

LC_INLINE V feature(V x) { return vmax(x, V{}) + vexp(vmin(x, V{})); }
/** phi'(x) from phi(x). */
LC_INLINE V slope(V y) { return vmin(y, splat(1)); }

/** n rows of d, ld apart, to rows `ldy` apart, with zeros up to column ldy. */
void copy_rows(const float* x, int64_t ld, int64_t n, int64_t d, float* y, int64_t ldy, bool elu) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t t = 0; t < ldy; t += W) {
      const int in = int(most(0, least(W, d - t))), out = int(least(W, ldy - t));
      V a = load_part(x + i * ld + t, in);
      store_part(y + i * ldy + t, elu ? feature(a) : a, out);
    }
}

/** y (d x kChunk) = x^T for n rows of d, n <= kChunk; lanes from n on are zero. */
void columns(const float* x, int64_t ld, int64_t n, int64_t d, float* y, bool elu) {
  for (int64_t i = 0; i < kChunk; i += W)
    transpose_strip(x + i * ld, ld, int(most(0, least(W, n - i))), d, 1.0f, y + i, kChunk);
  for (int64_t i = 0; elu && i < d * kChunk; i += W) store(y + i, feature(load(y + i)));
}

/** n rows of d, ld apart, = x^T for x (d x kChunk). */
void rows_from(const float* x, int64_t d, int64_t n, float* y, int64_t ld) {
  for (int64_t t = 0; t < d; t += W) {
    const int w = int(least(W, d - t));
    transpose_strip(x + t * kChunk, kChunk, w, n, 1.0f, y + t, ld, w);
  }
}

void zero_rows(float* y, int64_t ld, int64_t n, int64_t d) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t t = 0; t < d; t++) y[i * ld + t] = 0;
}

/** Scratch of a task. `wide`: rows of features, mp apart; `tall`: rows of values and one more, e1 apart. */
struct Room {
  float *x, *t, *wide, *tall, *a, *out;
  static int64_t floats(const Sizes& z) {
    return kChunk * (2 * z.m + 2 * z.e1 + z.mp + z.e1 + kBlock + most(z.m, z.e1)) + 7 * 16;
  }
  Room(const Sizes& z, float* p) {
    const auto take = [&p](int64_t n) {
      float* at = p;
      p += up(n, 16);
      return at;
    };
    x = take(z.m * kChunk), t = take(z.e1 * kChunk), wide = take(z.mp * kChunk), tall = take(z.e1 * kChunk);
    a = take(kChunk * kBlock), out = take(most(z.m, z.e1) * kChunk);
  }
};

/** The call with what its passes share. */
struct Work {
  const Call& c;
  Sizes z;
  const float *norm = nullptr, *delta = nullptr;  // of the backward pass, by head and query
  explicit Work(const Call& call) : c(call), z(call) {}

  /** phi(k) and (v, 1) of n keys from j on. */
  void keys(int64_t head, int64_t j, int64_t n, const Room& r) const {
    const int64_t at = z.row(head, j, z.Sk);
    copy_rows(c.in[1].f() + at * z.m, z.h * z.m, n, z.m, r.wide, z.mp, z.elu);
    copy_rows(c.in[2].f() + at * z.e, z.h * z.e, n, z.e, r.tall, z.e1, false);
    for (int64_t i = 0; i < n; i++) r.tall[i * z.e1 + z.e] = 1;
  }
  /** phi(q) and (g', delta) of n queries from i on. */
  void queries(int64_t head, int64_t i, int64_t n, const Room& r) const {
    const int64_t at = z.row(head, i, z.Sq);
    copy_rows(c.in[0].f() + at * z.m, z.h * z.m, n, z.m, r.wide, z.mp, z.elu);
    copy_rows(c.gout[0].f() + at * z.e, z.h * z.e, n, z.e, r.tall, z.e1, false);
    for (int64_t k = 0; k < n; k++) {
      const float s = inverse(head, i + k);
      float* y = r.tall + k * z.e1;
      for (int64_t t = 0; t < z.e; t++) y[t] *= s;
      y[z.e] = delta[head * z.Sq + i + k];
    }
  }
  float inverse(int64_t head, int64_t i) const {
    const float n = norm[head * z.Sq + i];
    return n != 0 ? 1 / n : 0;
  }
  /** state += tall^T wide of n rows. */
  void grow(float* state, int64_t n, const Room& r) const {
    gemm_tile(z.e1, z.mp, n, r.tall, 1, z.e1, r.wide, z.mp, state, z.mp, nullptr, true);
  }
};

/**
 * out (rows x kChunk) += what steps within the chunk give: z^T mask(y x), y (n x p, ldy apart), x (p x kChunk), z (n x
 * rows, ldz apart). Of `lanes` lanes, lane i sees steps up to i, or from i on when `back`.
 */
void within(const float* y, int64_t ldy, int64_t p, const float* x, const float* zr, int64_t ldz, int64_t rows,
            int64_t n, int64_t lanes, bool back, float* a, float* out) {
  for (int64_t i = 0; i < lanes; i += kBlock) {
    const int64_t j0 = back ? least(i, n) : 0, j1 = back ? n : least(i + kBlock, n);
    if (j1 <= j0) continue;
    gemm_tile(j1 - j0, kBlock, p, y + j0 * ldy, ldy, 1, x + i, kChunk, a, kBlock, nullptr, false);
    for (int64_t j = i; j < least(i + kBlock, n); j++) {
      float* s = a + (j - j0) * kBlock;
      for (int64_t l = 0; l < kBlock; l++)
        if (back ? j < i + l : j > i + l) s[l] = 0;
    }
    gemm_tile(rows, kBlock, j1 - j0, zr + j0 * ldz, 1, ldz, a, kBlock, out + i, kChunk, nullptr, true);
  }
}

/** A chunk's outputs and norms; out holds S (phi(q)) and r.x phi(q). */
void finish(const Work& w, int64_t head, int64_t i, int64_t n, const Room& r) {
  const Sizes& z = w.z;
  float *o = w.c.out[0].f() + z.row(head, i, z.Sq) * z.e, *norm = w.c.out[1].f() + head * z.Sq + i;
  for (int64_t v = 0; v < n; v += W) {
    V d = load(r.out + z.e * kChunk + v) + splat(z.eps);
    if (z.key_eps != 0) {
      V sum{};
      for (int64_t f = 0; f < z.m; f++) sum += load(r.x + f * kChunk + v);
      d = fma(sum, splat(z.key_eps), d);
    }
    store_part(norm + v, d, int(least(W, n - v)));
    const V inverse = d == V{} ? V{} : splat(1.0f) / d;
    for (int64_t t = 0; t < z.e; t++) store(r.out + t * kChunk + v, load(r.out + t * kChunk + v) * inverse);
  }
  rows_from(r.out, z.e, n, o, z.h * z.e);
}

/** Outputs of up to kChunk queries from i on. */
void forward_chunk(const Work& w, int64_t head, int64_t i, float* state, const Room& r) {
  const Sizes& z = w.z;
  const int64_t n = most(0, least(kChunk, z.Sq - i)), nk = z.causal ? most(0, least(kChunk, z.keys(head) - i)) : 0;
  if (nk) w.keys(head, i, nk, r);
  if (n) {
    columns(w.c.in[0].f() + z.row(head, i, z.Sq) * z.m, z.h * z.m, n, z.m, r.x, z.elu);
    gemm_tile(z.e1, up(n, kBlock), z.m, state, z.mp, 1, r.x, kChunk, r.out, kChunk, nullptr, false);
    if (nk) within(r.wide, z.mp, z.m, r.x, r.tall, z.e1, z.e1, nk, n, false, r.a, r.out);
    finish(w, head, i, n, r);
  }
  if (nk) w.grow(state, nk, r);
}

/** dq of up to kChunk queries from i on. */
void query_chunk(const Work& w, int64_t head, int64_t i, float* state, const Room& r) {
  const Sizes& z = w.z;
  const int64_t n = most(0, least(kChunk, z.Sq - i)), nk = z.causal ? most(0, least(kChunk, z.keys(head) - i)) : 0;
  if (!n) return;
  if (nk) w.keys(head, i, nk, r);
  columns(w.c.gout[0].f() + z.row(head, i, z.Sq) * z.e, z.h * z.e, n, z.e, r.t, false);
  alignas(64) float inverse[kChunk] = {}, *delta = r.t + z.e * kChunk;
  for (int64_t l = 0; l < kChunk; l++) {
    inverse[l] = l < n ? w.inverse(head, i + l) : 0;
    delta[l] = l < n ? w.delta[head * z.Sq + i + l] : 0;
  }
  for (int64_t t = 0; t < z.e; t++)
    for (int64_t v = 0; v < kChunk; v += W)
      store(r.t + t * kChunk + v, load(r.t + t * kChunk + v) * load(inverse + v));
  gemm_tile(z.m, up(n, kBlock), z.e1, state, 1, z.mp, r.t, kChunk, r.out, kChunk, nullptr, false);
  if (nk) within(r.tall, z.e1, z.e1, r.t, r.wide, z.mp, z.m, nk, n, false, r.a, r.out);
  if (z.elu) columns(w.c.in[0].f() + z.row(head, i, z.Sq) * z.m, z.h * z.m, n, z.m, r.x, true);
  for (int64_t f = 0; f < z.m; f++)
    for (int64_t v = 0; v < kChunk; v += W) {
      V d = fma(load(delta + v), splat(z.key_eps), load(r.out + f * kChunk + v));
      if (z.elu) d *= slope(load(r.x + f * kChunk + v));
      store(r.out + f * kChunk + v, d);
    }
  rows_from(r.out, z.m, n, w.c.gin[0].f() + z.row(head, i, z.Sq) * z.m, z.h * z.m);
  if (nk) w.grow(state, nk, r);
}

/** dk and dv of up to kChunk keys from j on. */
void key_chunk(const Work& w, int64_t head, int64_t j, float* state, const Room& r) {
  const Sizes& z = w.z;
  const int64_t stored = most(0, least(kChunk, z.Sk - j)), n = most(0, least(stored, z.keys(head) - j));
  const int64_t nq = z.causal ? most(0, least(kChunk, z.Sq - j)) : 0, at = z.row(head, j, z.Sk);
  float* dk = w.c.gin[1] ? w.c.gin[1].f() + at * z.m : nullptr;
  float* dv = w.c.gin[2] ? w.c.gin[2].f() + at * z.e : nullptr;
  if (nq) w.queries(head, j, nq, r);
  if (n) {
    columns(w.c.in[1].f() + at * z.m, z.h * z.m, n, z.m, r.x, z.elu);
    if (dk) {
      columns(w.c.in[2].f() + at * z.e, z.h * z.e, n, z.e, r.t, false);
      for (int64_t l = 0; l < kChunk; l++) r.t[z.e * kChunk + l] = 1;
      gemm_tile(z.m, up(n, kBlock), z.e1, state, 1, z.mp, r.t, kChunk, r.out, kChunk, nullptr, false);
      if (nq) within(r.tall, z.e1, z.e1, r.t, r.wide, z.mp, z.m, nq, n, true, r.a, r.out);
      for (int64_t i = 0; z.elu && i < z.m * kChunk; i += W) store(r.out + i, load(r.out + i) * slope(load(r.x + i)));
      rows_from(r.out, z.m, n, dk, z.h * z.m);
    }
    if (dv) {
      gemm_tile(z.e, up(n, kBlock), z.m, state, z.mp, 1, r.x, kChunk, r.out, kChunk, nullptr, false);
      if (nq) within(r.wide, z.mp, z.m, r.x, r.tall, z.e1, z.e, nq, n, true, r.a, r.out);
      rows_from(r.out, z.e, n, dv, z.h * z.e);
    }
  }
  if (dk) zero_rows(dk + n * z.h * z.m, z.h * z.m, stored - n, z.m);
  if (dv) zero_rows(dv + n * z.h * z.e, z.h * z.e, stored - n, z.e);
  if (nq) w.grow(state, nq, r);
}

using Chunk = void (*)(const Work&, int64_t head, int64_t step, float* state, const Room&);

/** fn(head, group, room) for every group of every head. */
template <class F>
const char* each_group(const Sizes& z, F&& fn) {
  const char* failed = nullptr;
  parallel(z.heads * z.groups, 1, [&](int64_t t, int64_t end, int thread) {
    float* p = static_cast<float*>(scratch(thread, 0, size_t(Room::floats(z)) * 4));
    if (!p) return __atomic_store_n(&failed, kNoMemory, __ATOMIC_RELAXED);
    const Room r(z, p);
    for (; t < end; t++) fn(t / z.groups, t % z.groups, r);
  });
  return failed;
}

/** The sums of each group, of keys or of queries, in states (heads x groups). */
const char* group_sums(const Work& w, bool of_keys, float* states) {
  const Sizes& z = w.z;
  return each_group(z, [&](int64_t head, int64_t g, const Room& r) {
    float* state = states + (head * z.groups + g) * z.state;
    __builtin_memset(state, 0, size_t(z.state) * 4);
    const int64_t end = least(z.end(g), of_keys ? z.keys(head) : z.Sq);
    for (int64_t i = z.begin(g); i < end; i += kChunk) {
      const int64_t n = least(kChunk, end - i);
      if (of_keys) w.keys(head, i, n, r);
      else w.queries(head, i, n, r);
      w.grow(state, n, r);
    }
  });
}

/** Each group's sums become what its outputs start from: the sums before it (after it when `back`), or all of them. */
void starts(const Work& w, bool back, const float* start, float* states) {
  const Sizes& z = w.z;
  parallel(z.heads, 1, [&](int64_t head, int64_t end, int) {
    for (; head < end; head++) {
      float* s = states + head * z.groups * z.state;
      for (int64_t r = 0; r < z.e1; r++)
        for (int64_t f = 0; f < z.mp; f++) {
          float sum = start && f < z.m ? start[(head * z.e1 + r) * z.m + f] : 0;
          float* x = s + r * z.mp + f;
          for (int64_t i = 0; i < z.groups; i++) {
            float& y = x[(back ? z.groups - 1 - i : i) * z.state];
            const float own = y;
            if (z.causal) y = sum;
            sum += own;
          }
          for (int64_t i = 0; !z.causal && i < z.groups; i++) x[i * z.state] = sum;
        }
    }
  });
}

/** Runs `chunk` over all steps, from the states that its sums give; forward in time or back. */
const char* run(const Work& w, Chunk chunk, bool of_keys, const float* start, float* states) {
  const Sizes& z = w.z;
  const char* failed = nullptr;
  if (z.causal && z.groups == 1) __builtin_memset(states, 0, size_t(z.heads * z.state) * 4);
  else failed = group_sums(w, of_keys, states);
  if (failed) return failed;
  starts(w, !of_keys, start, states);
  return each_group(z, [&](int64_t head, int64_t g, const Room& r) {
    float* state = states + (head * z.groups + g) * z.state;
    const int64_t begin = z.begin(g), end = z.end(g), chunks = (end - begin + kChunk - 1) / kChunk;
    for (int64_t i = 0; i < chunks; i++) chunk(w, head, begin + (of_keys ? i : chunks - 1 - i) * kChunk, state, r);
  });
}

const char* forward(const Call& c) {
  const Work w(c);
  const Sizes& z = w.z;
  float* states = static_cast<float*>(pool_alloc(size_t(z.heads * z.groups * z.state) * 4));
  if (!states) return kNoMemory;
  const char* failed = run(w, forward_chunk, true, c.in[4] ? c.in[4].f() : nullptr, states);
  for (int64_t head = 0; !failed && head < z.heads; head++) {
    const float* last = states + ((head + 1) * z.groups - 1) * z.state;
    for (int64_t r = 0; r < z.e1; r++)
      __builtin_memcpy(c.out[2].f() + (head * z.e1 + r) * z.m, last + r * z.mp, size_t(z.m) * 4);
  }
  pool_free(states);
  return failed;
}

/** delta = -g . o / norm of each query. */
void deltas(const Work& w, float* delta) {
  const Sizes& z = w.z;
  const float *g = w.c.gout[0].f(), *o = w.c.out[0].f();
  parallel(z.B * z.Sq, 64, [&](int64_t i, int64_t end, int) {
    for (; i < end; i++)
      for (int64_t x = 0; x < z.h; x++) {
        const int64_t head = i / z.Sq * z.h + x, at = (i * z.h + x) * z.e;
        V sum{};
        for (int64_t t = 0; t < z.e; t += W) {
          const int part = int(least(W, z.e - t));
          sum = fma(load_part(g + at + t, part), load_part(o + at + t, part), sum);
        }
        delta[head * z.Sq + i % z.Sq] = -hsum(sum) * w.inverse(head, i % z.Sq);
      }
  });
}

const char* backward(const Call& c) {
  Work w(c);
  const Sizes& z = w.z;
  if (!c.gout[0]) {  // norm and state carry no gradient
    for (int x = 0; x < 3; x++)
      if (c.gin[x]) __builtin_memset(c.gin[x].data, 0, size_t(c.gin[x].size()) * 4);
    return nullptr;
  }
  const int64_t sums = z.heads * z.groups * z.state;
  float* states = static_cast<float*>(pool_alloc(size_t(sums + z.heads * z.Sq) * 4));
  if (!states) return kNoMemory;
  w.norm = c.out[1].f(), w.delta = states + sums;
  deltas(w, states + sums);
  const char* failed = nullptr;
  if (c.gin[0]) failed = run(w, query_chunk, true, c.in[4] ? c.in[4].f() : nullptr, states);
  if (!failed && (c.gin[1] || c.gin[2])) failed = run(w, key_chunk, false, nullptr, states);
  pool_free(states);
  return failed;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("kernel-attention", "forward", longconv::forward)
LONGCONV_KERNEL("kernel-attention", "backward", longconv::backward)
