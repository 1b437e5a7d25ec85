// Softmax attention in tiles and its gradients; formulas in op.ts. attr: causal, scale.
//
// Everything is computed transposed: lanes are queries. S^T = K Q^T reads keys where they lie and needs only Q^T
// packed, once; maximum, exponential and sum run over keys lane by lane, without a horizontal step; O^T = V^T P^T
// reads values where they lie. Scores carry log2(e), exponentials are powers of two. The reference of the exponents
// follows the running maximum only when a score passes it by more than kSlack, so that rescaling is rare and most
// tiles go from registers of S to P in memory in one step.
//
// Forward: a task is a block of queries of one head. Backward: a task is a group of keys of one head; it keeps
// their dK and dV and adds tile after tile in order; dQ of a group is final when there is one group, else the
// groups' dQ are added in order. No atomics; the tiles, the groups and so the bits follow from shapes alone.
// Memory: of the order of the operands.
//
// Ladder, percent of the FMA peak, one core of AVX-512, 4 heads of 64 interleaved, not causal, other work running:
//   S in memory, then maximum, then exponential     length 1K forward 75, backward 79; 4K forward 55 to 59
//   rows of the next tile asked for ahead           4K forward 69
//   blocks of 256 queries instead of 128            4K forward 71 to 74
//   exponentials from the registers of the product  1K forward 79, backward 80; heads of 16: forward 56 to 67
#include "gemm.h"
#include "kernel.h"
#include "micro.h"
#include "pool.h"
#include "simd-math.h"
#include "transpose.h"

namespace longconv {
namespace {

using LONGCONV_ISA::gemm_tile;

constexpr float kLog2e = 1.44269504088896341f, kLn2 = 0.69314718055994531f;
constexpr float kLow = -1e30f;          // below every score
constexpr float kSlack = 8;             // how far, in powers of two, a score may exceed the running maximum
constexpr int64_t kKeys = 56 / kRows * kRows;  // keys of a tile
constexpr int64_t kQueries = 256;       // queries of a forward task
constexpr int64_t kBackQueries = 64;    // queries of a backward step
constexpr int64_t kGroup = 768;         // keys of a backward task, unless heads suffice

int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
int64_t up(int64_t n, int64_t of) { return (n + of - 1) / of * of; }

struct Sizes {
  int64_t B, Sq, Sk, h, d, ld;
  bool causal;
  float scale;
  const int32_t* lengths;
  explicit Sizes(const Call& c)
      : B(c.in[0].dim[0]), Sq(c.in[0].dim[1]), Sk(c.in[1].dim[1]), h(c.in[0].dim[2]), d(c.in[0].dim[3]), ld(h * d),
        causal(c.attr[0] != 0), scale(float(c.attr[1])), lengths(c.in[3] ? c.in[3].i() : nullptr) {}
  int64_t query(int64_t head, int64_t i) const { return (head / h * Sq + i) * ld + head % h * d; }
  int64_t key(int64_t head, int64_t j) const { return (head / h * Sk + j) * ld + head % h * d; }
  /** Keys that any query of this batch entry may see. */
  int64_t keys(int64_t head) const { return lengths ? most(0, least(lengths[head / h], Sk)) : Sk; }
  /** Query i sees keys below i + visible(). */
  int64_t visible() const { return causal ? Sk - Sq + 1 : int64_t{1} << 30; }
};

/** n rows of d, stride ld: where they lie, or side by side in `room` (rows far apart would share cache sets). */
const float* dense_rows(const float* x, int64_t ld, int64_t n, int64_t d, float* room) {
  if (ld == d) return x;
  for (int64_t i = 0; i < n; i++, x += ld)
    for (int64_t t = 0; t < d; t += W) {
      const int w = int(least(W, d - t));
      store_part(room + i * d + t, load_part(x + t, w), w);
    }
  return room;
}

/** Asks for n rows of d ahead of time: rows of a head lie apart, out of the reach of the machine's own guesses. */
void prefetch_rows(const float* x, int64_t ld, int64_t n, int64_t d) {
  for (int64_t i = 0; i < n; i++, x += ld)
    for (int64_t t = 0; t < d; t += 16) __builtin_prefetch(x + t, 0, 2);
}

/** n rows of d times `scale`, padded with zeros to dp columns and `rows` rows. */
void padded_rows(const float* x, int64_t ld, int64_t n, int64_t d, float scale, float* y, int64_t dp, int64_t rows) {
  for (int64_t i = 0; i < rows; i++)
    for (int64_t t = 0; t < dp; t += W)
      store(y + i * dp + t, i < n ? load_part(x + i * ld + t, int(least(W, d - t))) * splat(scale) : V{});
}

/** y (d x lanes, lanes a multiple of W) = scale x^T for n rows of d; lanes from n on are zero. */
void columns(const float* x, int64_t ld, int64_t n, int64_t d, float scale, float* y, int64_t lanes) {
  for (int64_t i = 0; i < lanes; i += W)
    transpose_strip(x + i * ld, ld, int(most(0, least(W, n - i))), d, scale, y + i, lanes);
}

/** Zero where key j of the tile at j0 is hidden from the query in the lane: it sees keys below limit. */
LC_INLINE V hide(V p, VI limit, int64_t j) { return as_float(as_int(p) & (limit > splati(int32_t(j)))); }

/** Per query: the reference of the exponents (near the running maximum) with a minus sign, and the sum. */
struct Softmax {
  float minus_ref[kLanes], sum[kLanes];
};

/**
 * P = 2^(S - ref) for kRows keys, straight from the registers that hold S; sums grow. False, with nothing done, when
 * a score lies too far above its reference.
 */
LC_INLINE bool score_tile(int64_t d, const float* k, const float* q, float* p, Softmax& state) {
  V acc[kRows][2];
  begin_tile(acc, state.minus_ref);
  multiply(acc, d, k, d, 1, q, kLanes);
  V top = vmax(acc[0][0], acc[0][1]);
#pragma GCC unroll 16
  for (int i = 1; i < kRows; i++) top = vmax(top, vmax(acc[i][0], acc[i][1]));
  if (hmax(top) > kSlack) return false;
#pragma GCC unroll 2
  for (int v = 0; v < 2; v++) {
    V sum = load(state.sum + v * W);
#pragma GCC unroll 16
    for (int i = 0; i < kRows; i++) {
      const V e = vexp2(acc[i][v]);
      sum += e;
      store(p + i * kLanes + v * W, e);
    }
    store(state.sum + v * W, sum);
  }
  return true;
}

/** The same for a whole tile of keys; false, with nothing done, when the long way must be taken. */
__attribute__((noinline)) bool scores(int64_t d, const float* k, const float* q, float* p, Softmax& state) {
  const Softmax before = state;
  for (int64_t j = 0; j < kKeys; j += kRows)
    if (!score_tile(d, k + j * d, q, p + j * kLanes, state)) {
      state = before;
      return false;
    }
  return true;
}

/** S - ref (n x kLanes, in place) becomes P; state and O^T (d x kLanes) move along. `masked`: some key is hidden. */
void softmax_step(float* s, int64_t n, int64_t j0, bool masked, const int32_t* limit, Softmax& state, float* o,
                  int64_t d) {
  for (int v = 0; v < kLanes; v += W) {
    const VI lim = loadi(limit + v);
    V top = splat(kLow), sum = load(state.sum + v), shift{};
    for (int64_t j = 0; j < n; j++) {
      V x = load(s + j * kLanes + v);
      if (masked) x = lim > splati(int32_t(j0 + j)) ? x : splat(kLow);
      top = vmax(top, x);
    }
    // The first keys that a query sees set its reference, later ones move it only when they must.
    const VI moves = (top > splat(kSlack)) | ((sum == V{}) & (top > splat(kLow)));
    if (hmax(moves ? splat(1) : V{}) > 0) {
      shift = moves ? top : V{};
      const V shrink = sum == V{} ? V{} : vexp2(V{} - shift);
      sum = sum * shrink;
      for (int64_t t = 0; t < d; t++) store(o + t * kLanes + v, load(o + t * kLanes + v) * shrink);
      store(state.minus_ref + v, load(state.minus_ref + v) - shift);
    }
    for (int64_t j = 0; j < n; j++) {
      V p = vexp2(load(s + j * kLanes + v) - shift);
      if (masked) p = hide(p, lim, j0 + j);
      sum += p;
      store(s + j * kLanes + v, p);
    }
    store(state.sum + v, sum);
  }
}

struct ForwardRoom {
  float *q, *o, *s, *k, *v;
  Softmax* state;
};

/** Queries [q0, q0 + n) of one head. */
void forward_block(const Sizes& z, const Call& c, int64_t head, int64_t q0, int64_t n, const ForwardRoom& room) {
  const int64_t d = z.d, panels = (n + kLanes - 1) / kLanes, panel = d * kLanes;
  const int64_t keys = least(z.keys(head), q0 + n - 1 + z.visible());
  int32_t limit[kLanes];
  for (int64_t p = 0; p < panels; p++) {
    const int64_t i = p * kLanes, m = least(kLanes, n - i);
    columns(c.in[0].f() + z.query(head, q0 + i), z.ld, m, d, z.scale * kLog2e, room.q + p * panel, kLanes);
    room.state[p] = {};
    __builtin_memset(room.o + p * panel, 0, size_t(panel) * 4);
  }
  for (int64_t j0 = 0; j0 < keys; j0 += kKeys) {
    const int64_t m = least(kKeys, keys - j0);
    const float* k = dense_rows(c.in[1].f() + z.key(head, j0), z.ld, m, d, room.k);
    const float* v = dense_rows(c.in[2].f() + z.key(head, j0), z.ld, m, d, room.v);
    const int64_t next = j0 + m, ahead = least(kKeys, keys - next);
    prefetch_rows(c.in[1].f() + z.key(head, next), z.ld, ahead, d);
    prefetch_rows(c.in[2].f() + z.key(head, next), z.ld, ahead, d);
    for (int64_t p = 0; p < panels; p++) {
      const int64_t i = q0 + p * kLanes, lanes = up(least(kLanes, q0 + n - i), W);
      const int64_t seen = least(m, least(i + kLanes, q0 + n) - 1 + z.visible() - j0);  // by the last lane
      if (seen <= 0) continue;
      const bool masked = j0 + seen > i + z.visible();
      for (int t = 0; t < kLanes; t++) limit[t] = int32_t(least(i + t + z.visible(), int64_t{1} << 30));
      Softmax& state = room.state[p];
      if (masked || seen < kKeys || j0 == 0 || !scores(d, k, room.q + p * panel, room.s, state)) {
        gemm_tile(seen, lanes, d, k, d, 1, room.q + p * panel, kLanes, room.s, kLanes, state.minus_ref, false);
        softmax_step(room.s, seen, j0, masked, limit, state, room.o + p * panel, d);
      }
      gemm_tile(d, lanes, seen, v, 1, d, room.s, kLanes, room.o + p * panel, kLanes, nullptr, true);
    }
  }
  for (int64_t p = 0; p < panels; p++) {
    const int64_t i = q0 + p * kLanes, m = least(kLanes, q0 + n - i);
    float* o = room.o + p * panel;
    for (int64_t v = 0; v < m; v += W) {
      const V sum = load(room.state[p].sum + v), inverse = sum > V{} ? splat(1.0f) / sum : V{};
      for (int64_t t = 0; t < d; t++) store(o + t * kLanes + v, load(o + t * kLanes + v) * inverse);
    }
    for (int64_t t = 0; t < d; t += W) {
      const int w = int(least(W, d - t));
      transpose_strip(o + t * kLanes, kLanes, w, m, 1.0f, c.out[0].f() + z.query(head, i) + t, z.ld, w);
    }
    for (int64_t t = 0; t < m; t++) {
      const float sum = room.state[p].sum[t];
      c.out[1].f()[head * z.Sq + i + t] =
          sum > 0 ? float((__builtin_log2(double(sum)) - room.state[p].minus_ref[t]) * double(kLn2)) : 0;
    }
  }
}

/** Hands out pieces of one block of scratch, each on its own cache lines. */
struct Carver {
  float* at;
  float* take(int64_t n) {
    float* p = at;
    at += up(n, 16);
    return p;
  }
};

constexpr const char* kNoMemory = "no memory is left for the tiles: use a shorter length or fewer threads";

const char* forward(const Call& c) {
  const Sizes z(c);
  const int64_t blocks = (z.Sq + kQueries - 1) / kQueries, d = z.d;
  const char* failed = nullptr;
  parallel(z.B * z.h * blocks, 1, [&](int64_t t, int64_t end, int thread) {
    const int64_t states = kQueries / kLanes * int64_t(sizeof(Softmax) / 4);
    Carver room{static_cast<float*>(
        scratch(thread, 0, size_t(2 * kQueries * d + kKeys * (kLanes + 2 * d) + states + 128) * 4))};
    if (!room.at) return __atomic_store_n(&failed, kNoMemory, __ATOMIC_RELAXED);
    const ForwardRoom r{room.take(kQueries * d), room.take(kQueries * d), room.take(kKeys * kLanes),
                        room.take(kKeys * d),    room.take(kKeys * d),    reinterpret_cast<Softmax*>(room.take(states))};
    for (; t < end; t++) {
      // The last queries first: under a causal mask they have the most keys.
      const int64_t q0 = (blocks - 1 - t % blocks) * kQueries;
      forward_block(z, c, t / blocks, q0, least(kQueries, z.Sq - q0), r);
    }
  });
  return failed;
}

/** What one backward task works with. Rows: padded to dp columns; columns: kBackQueries lanes. */
struct BackwardRoom {
  float *qt, *gt, *q, *g, *dqt, *p, *ds, *k, *v, *dk, *dv;
};

struct Gradients {
  float *dq, *dk, *dv;
};

/** P and dS of one tile of keys, in place: s holds S - lse, ds holds dP - delta, rows of kBackQueries. */
void backward_step(float* s, float* ds, int64_t n, int64_t first, int64_t lanes, int64_t j0, bool masked,
                   const int32_t* limit) {
  for (int64_t v = first; v < lanes; v += W) {
    const VI lim = loadi(limit + v);
    for (int64_t j = 0; j < n; j++) {
      float *a = s + j * kBackQueries + v, *b = ds + j * kBackQueries + v;
      V p = vexp2(load(a));
      if (masked) p = hide(p, lim, j0 + j);
      store(a, p);
      store(b, load(b) * p);
    }
  }
}

/** P = 2^(S - lse) and dS = P (dP - delta) of kRows keys, from registers. */
__attribute__((noinline)) void backward_tile(int64_t d, const float* k, const float* v, const float* qt,
                                             const float* gt, const float* minus_lse, const float* minus_delta,
                                             float* p, float* ds) {
  constexpr int64_t Q = kBackQueries;
  V acc[kRows][2];
  begin_tile(acc, minus_lse);
  multiply(acc, d, k, d, 1, qt, Q);
#pragma GCC unroll 16
  for (int i = 0; i < kRows; i++)
#pragma GCC unroll 2
    for (int x = 0; x < 2; x++) store(p + i * Q + x * W, vexp2(acc[i][x]));
  begin_tile(acc, minus_delta);
  multiply(acc, d, v, d, 1, gt, Q);
#pragma GCC unroll 16
  for (int i = 0; i < kRows; i++)
#pragma GCC unroll 2
    for (int x = 0; x < 2; x++) store(ds + i * Q + x * W, acc[i][x] * load(p + i * Q + x * W));
}

/** Keys [k0, k1) of one head against all queries; dq receives this group's share. */
void backward_group(const Sizes& z, const Call& c, int64_t head, int64_t k0, int64_t k1, const Gradients& out,
                    int64_t dq_ld, const BackwardRoom& r) {
  const int64_t d = z.d, dp = up(d, W), end = least(k1, z.keys(head)), Q = kBackQueries;
  const float *o = c.out[0].f(), *lse = c.out[1].f() + head * z.Sq, *go = c.gout[0] ? c.gout[0].f() : nullptr;
  const float* glse = c.gout[1] ? c.gout[1].f() + head * z.Sq : nullptr;
  const float* k = dense_rows(c.in[1].f() + z.key(head, k0), z.ld, k1 - k0, d, r.k);
  const float* v = dense_rows(c.in[2].f() + z.key(head, k0), z.ld, k1 - k0, d, r.v);
  __builtin_memset(r.dk, 0, size_t((k1 - k0) * dp) * 4);
  __builtin_memset(r.dv, 0, size_t((k1 - k0) * dp) * 4);
  for (int64_t q0 = 0; q0 < z.Sq; q0 += Q) {
    const int64_t n = least(Q, z.Sq - q0), lanes = up(n, W), at = z.query(head, q0);
    alignas(64) float minus_lse[Q] = {}, minus_delta[Q] = {};
    int32_t limit[Q];
    padded_rows(c.in[0].f() + at, z.ld, n, d, z.scale, r.q, dp, lanes);
    columns(c.in[0].f() + at, z.ld, n, d, z.scale * kLog2e, r.qt, Q);
    if (go) {
      padded_rows(go + at, z.ld, n, d, 1, r.g, dp, lanes);
      columns(go + at, z.ld, n, d, 1, r.gt, Q);
    }
    for (int64_t i = 0; i < Q; i++) {
      limit[i] = int32_t(least(q0 + i + z.visible(), int64_t{1} << 30));
      if (i >= n) continue;
      V delta{};
      for (int64_t t = 0; go && t < d; t += W)
        delta = fma(load(r.g + i * dp + t), load_part(o + at + i * z.ld + t, int(least(W, d - t))), delta);
      minus_delta[i] = (glse ? glse[q0 + i] : 0) - hsum(delta);
      minus_lse[i] = -lse[q0 + i] * kLog2e;
    }
    const int64_t next = z.query(head, q0 + n), ahead = least(Q, z.Sq - q0 - n);
    prefetch_rows(c.in[0].f() + next, z.ld, ahead, d);
    prefetch_rows(o + next, z.ld, ahead, d);
    if (go) prefetch_rows(go + next, z.ld, ahead, d);
    __builtin_memset(r.dqt, 0, size_t(d * Q) * 4);
    const int64_t last = least(end, q0 + n - 1 + z.visible());
    for (int64_t j0 = k0; j0 < last; j0 += kKeys) {
      const int64_t m = least(kKeys, last - j0), j = j0 - k0;
      const int64_t f = most(0, j0 + 1 - z.visible() - q0) / W * W, seeing = lanes - f;  // earlier lanes see nothing
      float *p = r.p + f, *ds = r.ds + f;
      const bool masked = j0 + m > q0 + z.visible();
      if (go && !masked && m == kKeys && lanes == Q)
        for (int64_t i = 0; i < m; i += kRows)
          for (int64_t x = 0; x < Q; x += kLanes)
            backward_tile(d, k + (j + i) * d, v + (j + i) * d, r.qt + x, r.gt + x, minus_lse + x, minus_delta + x,
                          p + i * Q + x, ds + i * Q + x);
      else {
        gemm_tile(m, seeing, d, k + j * d, d, 1, r.qt + f, Q, p, Q, minus_lse + f, false);
        if (go) gemm_tile(m, seeing, d, v + j * d, d, 1, r.gt + f, Q, ds, Q, minus_delta + f, false);
        else
          for (int64_t i = 0; i < m * Q; i++) r.ds[i] = minus_delta[i % Q];
        backward_step(r.p, r.ds, m, f, lanes, j0, masked, limit);
      }
      if (out.dv && go) gemm_tile(m, dp, n - f, p, Q, 1, r.g + f * dp, dp, r.dv + j * dp, dp, nullptr, true);
      if (out.dk) gemm_tile(m, dp, n - f, ds, Q, 1, r.q + f * dp, dp, r.dk + j * dp, dp, nullptr, true);
      if (out.dq) gemm_tile(d, seeing, m, k + j * d, 1, d, ds, Q, r.dqt + f, Q, nullptr, true);
    }
    for (int64_t t = 0; out.dq && t < d; t += W) {
      const int w = int(least(W, d - t));
      transpose_strip(r.dqt + t * Q, Q, w, n, z.scale, out.dq + q0 * dq_ld + t, dq_ld, w);
    }
  }
  for (int64_t j = k0; j < k1; j++)
    for (int64_t t = 0; t < d; t += W) {
      const int w = int(least(W, d - t));
      if (out.dk) store_part(out.dk + (j - k0) * z.ld + t, load(r.dk + (j - k0) * dp + t), w);
      if (out.dv) store_part(out.dv + (j - k0) * z.ld + t, load(r.dv + (j - k0) * dp + t), w);
    }
}

/** dq = the groups' shares (groups x heads x Sq x d), added in order. */
void add_groups(const Sizes& z, const float* share, int64_t groups, float* dq) {
  const int64_t heads = z.B * z.h, size = heads * z.Sq * z.d;
  parallel(heads * z.Sq, 1 + 32768 / (groups * z.d), [&](int64_t r, int64_t end, int) {
    for (; r < end; r++)
      for (int64_t t = 0; t < z.d; t += W) {
        const int w = int(least(W, z.d - t));
        V sum{};
        for (int64_t g = 0; g < groups; g++) sum += load_part(share + g * size + r * z.d + t, w);
        store_part(dq + z.query(r / z.Sq, r % z.Sq) + t, sum, w);
      }
  });
}

const char* backward(const Call& c) {
  const Sizes z(c);
  const int64_t d = z.d, dp = up(d, W), heads = z.B * z.h, Q = kBackQueries;
  // Groups only where there are few heads, at most eight: dQ is stored once a group.
  int64_t groups = most(1, least(least(8, (16 + heads - 1) / heads), z.Sk / kGroup));
  const int64_t length = up((z.Sk + groups - 1) / groups, kKeys);
  groups = (z.Sk + length - 1) / length;
  float* share = nullptr;
  if (groups > 1 && c.gin[0]) {
    share = static_cast<float*>(pool_alloc(size_t(groups * heads * z.Sq * d) * 4));
    if (!share) return kNoMemory;
  }
  const char* failed = nullptr;
  parallel(heads * groups, 1, [&](int64_t t, int64_t end, int thread) {
    const int64_t keys = least(length, z.Sk), floats = 2 * Q * (d + dp) + d * Q + 2 * kKeys * Q + 2 * keys * (d + dp);
    Carver room{static_cast<float*>(scratch(thread, 0, size_t(floats + 256) * 4))};
    if (!room.at) return __atomic_store_n(&failed, kNoMemory, __ATOMIC_RELAXED);
    const BackwardRoom r{room.take(Q * d),     room.take(Q * d),    room.take(Q * dp),   room.take(Q * dp),
                         room.take(Q * d),     room.take(kKeys * Q), room.take(kKeys * Q), room.take(keys * d),
                         room.take(keys * d),  room.take(keys * dp), room.take(keys * dp)};
    for (; t < end; t++) {
      const int64_t head = t / groups, g = t % groups, k0 = g * length, k1 = least(z.Sk, k0 + length);
      const int64_t at = z.key(head, k0);
      float* dq = !c.gin[0] ? nullptr
                  : share   ? share + (g * heads + head) * z.Sq * d
                            : c.gin[0].f() + z.query(head, 0);
      const Gradients out{dq, c.gin[1] ? c.gin[1].f() + at : nullptr, c.gin[2] ? c.gin[2].f() + at : nullptr};
      backward_group(z, c, head, k0, k1, out, share ? d : z.ld, r);
    }
  });
  if (share && !failed) add_groups(z, share, groups, c.gin[0].f());
  pool_free(share);
  return failed;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("flash-attention", "forward", longconv::forward)
LONGCONV_KERNEL("flash-attention", "backward", longconv::backward)
