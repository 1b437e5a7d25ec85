// Softmax attention over the pairs that a pattern shows, and its gradients; tiles in attention-tiles.h.
//
// Forward: a task is a block of queries of one head. The keys that any of them may see are listed, in order, and
// taken kKeys at a time: where they lie, or gathered, so that tiles are full however few blocks are present.
// Backward: a task is a group of keys of one head; it keeps their dK and dV and adds tile after tile in order; dQ of
// a group is final when there is one group, else the groups' dQ are added in order. No atomics; the tiles, the groups
// and so the bits follow from shapes and pattern alone. Memory: of the order of the operands.
//
// Ladder, percent of the FMA peak, one core of AVX-512, 4 heads of 64 interleaved, not causal, other work running:
//   S in memory, then maximum, then exponential     length 1K forward 75, backward 79; 4K forward 55 to 59
//   rows of the next tile asked for ahead           4K forward 69
//   blocks of 256 queries instead of 128            4K forward 71 to 74
//   exponentials from the registers of the product  1K forward 79, backward 80; heads of 16: forward 56 to 67
// The same of visible pairs, length 4K, random blocks of 64 or 128, an eighth, a quarter, half of them present:
//   keys gathered from the present blocks           forward 62 to 66, 66 to 69, 68; backward 62 to 64, 67 to 70, 75
// Queries that nobody uses left out of the backward pass: a step of LRA ListOps, padded to its longest, 17 % faster.
#include "attention.h"

#include "attention-tiles.h"
#include "pool.h"

namespace longconv::LONGCONV_ISA {
namespace {

constexpr int64_t kQueries = 256;  // most queries of a forward task
constexpr int64_t kGroup = 768;    // keys of a backward task, unless heads suffice
constexpr int64_t kFar = int64_t{1} << 30;

constexpr const char* kNoMemory = "no memory is left for the tiles: use a shorter length or fewer threads";

struct Sizes : Pattern {
  int64_t B, Sq, Sk, h, d, ld;
  const int32_t* lengths;
  Sizes(const Call& c, const Pattern& p)
      : Pattern(p), B(c.in[0].dim[0]), Sq(c.in[0].dim[1]), Sk(c.in[1].dim[1]), h(c.in[0].dim[2]), d(c.in[0].dim[3]),
        ld(h * d), lengths(c.in[3] ? c.in[3].i() : nullptr) {}
  int64_t query(int64_t head, int64_t i) const { return (head / h * Sq + i) * ld + head % h * d; }
  int64_t key(int64_t head, int64_t j) const { return (head / h * Sk + j) * ld + head % h * d; }
  /** Query i sees keys of [low, high). */
  int64_t low(int64_t i) const { return !window ? 0 : exact ? i - back * window : (i / window - back) * window; }
  int64_t high(int64_t i) const {
    const int64_t past = causal ? i + Sk - Sq + 1 : kFar;
    return !window ? past : least(past, exact ? i + ahead * window + 1 : (i / window + ahead + 1) * window);
  }
  /** Lists the keys of [k0, k1) that queries [q0, q0 + n), of one block of the mask, may see. */
  int64_t list_keys(int64_t head, int64_t q0, int64_t n, int64_t k0, int64_t k1, int32_t* list) const {
    const int64_t end = least(least(k1, lengths ? lengths[head / h] : Sk), high(q0 + n - 1));
    const int64_t across = block ? (Sk + block - 1) / block : 0, rows = block ? (Sq + block - 1) / block : 0;
    const int32_t* present = block ? mask + (head % h * rows + q0 / block) * across : nullptr;
    const int32_t* shown = real ? real + head / h * Sk : nullptr;
    int64_t count = 0;
    for (int64_t j = most(k0, low(q0)); j < end;) {
      const int64_t stop = block ? least(end, (j / block + 1) * block) : end;
      if (block && !present[j / block]) j = stop;
      if (!shown)
        for (; j < stop; j++) list[count++] = int32_t(j);
      for (; j < stop; j++) {
        list[count] = int32_t(j);
        count += shown[j] != 0;
      }
    }
    return count;
  }
  /** What each lane of n queries from q0 on sees; lanes beyond them as the last. */
  void limits(int64_t q0, int64_t n, int64_t lanes, Limits& to) const {
    for (int64_t t = 0; t < lanes; t++) {
      const int64_t i = q0 + least(t, n - 1);
      to.low[t] = int32_t(most(0, low(i)));
      to.high[t] = int32_t(most(0, least(kFar, high(i))));
    }
  }
};

/** Queries in steps of one size, none across a border of the mask's blocks. */
struct Steps {
  int64_t unit, size, each, count, Sq;
  Steps(const Sizes& z, int64_t largest) : Sq(z.Sq) {
    unit = z.block ? z.block : z.window ? z.window * most(1, 64 / z.window) : Sq;
    each = (unit + largest - 1) / largest;
    size = each > 1 ? up((unit + each - 1) / each, kLanes) : unit;
    count = (Sq + unit - 1) / unit * each;
  }
  int64_t first(int64_t t) const { return t / each * unit + t % each * size; }
  /** May be zero or less. */
  int64_t queries(int64_t t) const { return least(least(size, unit - t % each * size), Sq - first(t)); }
};

/** The rows of n keys: where they lie, if side by side, or copied to `room` (rows apart share cache sets). */
const float* rows_of(const float* x, int64_t ld, const int32_t* at, int64_t n, int64_t d, float* room) {
  if (ld == d && at[n - 1] - at[0] == n - 1) return x + at[0] * d;
  for (int64_t i = 0; i < n; i++) copy_row(x + at[i] * ld, d, room + i * d);
  return room;
}

struct ForwardRoom {
  float *q, *o, *s, *k, *v;
  Softmax* state;
  int32_t* list;
};

/** Queries [q0, q0 + n) of one head. */
void forward_block(const Sizes& z, const Call& c, int64_t head, int64_t q0, int64_t n, const ForwardRoom& room) {
  const int64_t d = z.d, panels = (n + kLanes - 1) / kLanes, panel = d * kLanes;
  const int64_t keys = z.list_keys(head, q0, n, 0, z.Sk, room.list);
  const float *ks = c.in[1].f() + z.key(head, 0), *vs = c.in[2].f() + z.key(head, 0);
  bool begun[kQueries / kLanes] = {};
  Limits limits;
  for (int64_t p = 0; p < panels; p++) {
    const int64_t i = p * kLanes, m = least(kLanes, n - i);
    columns(c.in[0].f() + z.query(head, q0 + i), z.ld, m, d, z.scale * kLog2e, room.q + p * panel, kLanes);
    room.state[p] = {};
    __builtin_memset(room.o + p * panel, 0, size_t(panel) * 4);
  }
  for (int64_t j0 = 0; j0 < keys; j0 += kKeys) {
    const int32_t* at = room.list + j0;
    const int64_t m = least(kKeys, keys - j0);
    const float *k = rows_of(ks, z.ld, at, m, d, room.k), *v = rows_of(vs, z.ld, at, m, d, room.v);
    for (int64_t j = j0 + m; j < least(j0 + m + kKeys, keys); j++) {
      prefetch_row(ks + room.list[j] * z.ld, d);
      prefetch_row(vs + room.list[j] * z.ld, d);
    }
    for (int64_t p = 0; p < panels; p++) {
      const int64_t i = q0 + p * kLanes, last = least(i + kLanes, q0 + n) - 1, lanes = up(last + 1 - i, W);
      int64_t from = 0, to = m;  // what the panel sees of the tile
      while (to > 0 && at[to - 1] >= z.high(last)) to--;
      while (from < to && at[from] < z.low(i)) from++;
      if (from == to) continue;
      const bool masked = at[to - 1] >= z.high(i) || at[from] < z.low(last);
      Softmax& state = room.state[p];
      if (masked || to - from < kKeys || !begun[p] || !scores(d, k, room.q + p * panel, room.s, state)) {
        if (masked) z.limits(i, last + 1 - i, kLanes, limits);
        gemm_tile(to - from, lanes, d, k + from * d, d, 1, room.q + p * panel, kLanes, room.s, kLanes, state.minus_ref,
                  false);
        begun[p] = softmax_step(room.s, to - from, lanes, at + from, masked ? &limits : nullptr, state,
                                room.o + p * panel, d);
      }
      gemm_tile(d, lanes, to - from, v + from * d, 1, d, room.s, kLanes, room.o + p * panel, kLanes, nullptr, true);
    }
  }
  for (int64_t p = 0; p < panels; p++) {
    const int64_t i = q0 + p * kLanes, m = least(kLanes, q0 + n - i);
    float* o = room.o + p * panel;
    for (int64_t v = 0; v < m; v += W) {
      const V sum = load(room.state[p].sum + v), inverse = sum > V{} ? splat(1.0f) / sum : V{};
      for (int64_t t = 0; t < d; t++) store(o + t * kLanes + v, load(o + t * kLanes + v) * inverse);
    }
    rows_back(o, kLanes, m, d, 1, c.out[0].f() + z.query(head, i), z.ld);
    for (int64_t t = 0; t < m; t++) {
      const float sum = room.state[p].sum[t];
      c.out[1].f()[head * z.Sq + i + t] =
          sum > 0 ? float((__builtin_log2(double(sum)) - room.state[p].minus_ref[t]) * double(kLn2)) : 0;
    }
  }
}

/** What one backward task works with. Rows: padded to dp columns; columns: kBackQueries lanes; last: a tile of keys. */
struct BackwardRoom {
  float *qt, *gt, *q, *g, *dqt, *p, *ds, *k, *v, *dk, *dv, *kt, *vt, *dkt, *dvt;
  int32_t* list;
};

struct Gradients {
  float *dq, *dk, *dv;
};

/** n queries against the listed keys of a group whose first is k0; lanes: n, up to whole vectors. */
void backward_block(const Sizes& z, int64_t q0, int64_t n, int64_t k0, int64_t keys, const float* k, const float* v,
                    const float* minus_lse, const float* minus_delta, bool go, const Gradients& out,
                    const BackwardRoom& r) {
  constexpr int64_t Q = kBackQueries;
  const int64_t d = z.d, dp = up(d, W), lanes = up(n, W);
  Limits limits;
  z.limits(q0, n, Q, limits);
  for (int64_t j0 = 0; j0 < keys; j0 += kKeys) {
    const int32_t* at = r.list + j0;
    const int64_t m = least(kKeys, keys - j0), j = at[0] - k0;
    int64_t f = 0, e = lanes;  // the lanes that see any of it
    while (f + W < e && limits.high[f + W - 1] <= at[0]) f += W;
    while (f + W < e && limits.low[e - W] > at[m - 1]) e -= W;
    const bool masked = at[m - 1] >= limits.high[0] || at[0] < limits.low[n - 1], whole = at[m - 1] - at[0] == m - 1;
    const float *kt = k + j * d, *vt = v + j * d;
    float *dk = r.dk + j * dp, *dv = r.dv + j * dp, *p = r.p + f, *ds = r.ds + f;
    if (!whole) {
      for (int64_t i = 0; i < m; i++) {
        copy_row(k + (at[i] - k0) * d, d, r.kt + i * d);
        copy_row(v + (at[i] - k0) * d, d, r.vt + i * d);
      }
      kt = r.kt, vt = r.vt, dk = r.dkt, dv = r.dvt;
    }
    if (go && !masked && m == kKeys && lanes == Q)
      for (int64_t i = 0; i < m; i += kRows)
        for (int64_t x = 0; x < Q; x += kLanes)
          backward_tile(d, kt + i * d, vt + i * d, r.qt + x, r.gt + x, minus_lse + x, minus_delta + x, r.p + i * Q + x,
                        r.ds + i * Q + x);
    else {
      gemm_tile(m, e - f, d, kt, d, 1, r.qt + f, Q, p, Q, minus_lse + f, false);
      if (go) gemm_tile(m, e - f, d, vt, d, 1, r.gt + f, Q, ds, Q, minus_delta + f, false);
      else
        for (int64_t i = 0; i < m * Q; i++) r.ds[i] = minus_delta[i % Q];
      backward_step(r.p, r.ds, m, f, e, at, masked ? &limits : nullptr);
    }
    const int64_t seeing = least(n, e) - f;
    if (out.dv && go) gemm_tile(m, dp, seeing, p, Q, 1, r.g + f * dp, dp, dv, dp, nullptr, whole);
    if (out.dk) gemm_tile(m, dp, seeing, ds, Q, 1, r.q + f * dp, dp, dk, dp, nullptr, whole);
    if (out.dq) gemm_tile(d, e - f, m, kt, 1, d, ds, Q, r.dqt + f, Q, nullptr, true);
    for (int64_t i = 0; !whole && i < m; i++) {
      if (out.dv && go) add_row(dv + i * dp, dp, r.dv + (at[i] - k0) * dp);
      if (out.dk) add_row(dk + i * dp, dp, r.dk + (at[i] - k0) * dp);
    }
  }
}

/** Whether any of n rows of d values is not zero. */
bool any(const float* x, int64_t ld, int64_t n, int64_t d) {
  for (int64_t i = 0; i < n; i++)
    for (int64_t t = 0; t < d; t++)
      if (x[i * ld + t] != 0) return true;
  return false;
}

/** Keys [k0, k1) of one head against all queries; dq receives this group's share. */
void backward_group(const Sizes& z, const Call& c, int64_t head, int64_t k0, int64_t k1, const Gradients& out,
                    int64_t dq_ld, const BackwardRoom& r) {
  constexpr int64_t Q = kBackQueries;
  const int64_t d = z.d, dp = up(d, W);
  const float *o = c.out[0].f(), *lse = c.out[1].f() + head * z.Sq, *go = c.gout[0] ? c.gout[0].f() : nullptr;
  const float* glse = c.gout[1] ? c.gout[1].f() + head * z.Sq : nullptr;
  const float *k = c.in[1].f() + z.key(head, k0), *v = c.in[2].f() + z.key(head, k0);
  if (z.ld != d) {
    for (int64_t j = 0; j < k1 - k0; j++) {
      copy_row(k + j * z.ld, d, r.k + j * d);
      copy_row(v + j * z.ld, d, r.v + j * d);
    }
    k = r.k, v = r.v;
  }
  __builtin_memset(r.dk, 0, size_t((k1 - k0) * dp) * 4);
  __builtin_memset(r.dv, 0, size_t((k1 - k0) * dp) * 4);
  const Steps steps(z, Q);
  for (int64_t step = 0; step < steps.count; step++) {
    const int64_t q0 = steps.first(step), n = steps.queries(step);
    if (n <= 0) continue;
    const int64_t at = z.query(head, q0), lanes = up(n, W);
    // Queries whose output nobody uses, such as padded steps, give nothing.
    const bool used = glse || (go && any(go + at, z.ld, n, d));
    const int64_t keys = used ? z.list_keys(head, q0, n, k0, k1, r.list) : 0;
    alignas(64) float minus_lse[Q] = {}, minus_delta[Q] = {};
    if (out.dq) __builtin_memset(r.dqt, 0, size_t(d * Q) * 4);
    if (keys) {
      padded_rows(c.in[0].f() + at, z.ld, n, d, z.scale, r.q, dp, lanes);
      columns(c.in[0].f() + at, z.ld, n, d, z.scale * kLog2e, r.qt, Q);
      if (go) {
        padded_rows(go + at, z.ld, n, d, 1, r.g, dp, lanes);
        columns(go + at, z.ld, n, d, 1, r.gt, Q);
      }
      for (int64_t i = 0; i < n; i++) {
        V delta{};
        for (int64_t t = 0; go && t < d; t += W)
          delta = fma(load(r.g + i * dp + t), load_part(o + at + i * z.ld + t, int(least(W, d - t))), delta);
        minus_delta[i] = (glse ? glse[q0 + i] : 0) - hsum(delta);
        minus_lse[i] = -lse[q0 + i] * kLog2e;
      }
      for (int64_t i = q0 + n; i < least(q0 + n + Q, z.Sq); i++) {
        prefetch_row(c.in[0].f() + z.query(head, i), d);
        prefetch_row(o + z.query(head, i), d);
        if (go) prefetch_row(go + z.query(head, i), d);
      }
      backward_block(z, q0, n, k0, keys, k, v, minus_lse, minus_delta, go, out, r);
    }
    if (out.dq) rows_back(r.dqt, Q, n, d, z.scale, out.dq + q0 * dq_ld, dq_ld);
  }
  for (int64_t j = k0; j < k1; j++) {
    if (out.dk) copy_row(r.dk + (j - k0) * dp, d, out.dk + (j - k0) * z.ld);
    if (out.dv) copy_row(r.dv + (j - k0) * dp, d, out.dv + (j - k0) * z.ld);
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

}  // namespace

const char* attention_forward(const Call& c, const Pattern& pattern) {
  const Sizes z(c, pattern);
  const Steps steps(z, kQueries);
  const int64_t d = z.d;
  const char* failed = nullptr;
  parallel(z.B * z.h * steps.count, 1, [&](int64_t t, int64_t end, int thread) {
    const int64_t states = kQueries / kLanes * int64_t(sizeof(Softmax) / 4);
    const int64_t floats = 2 * kQueries * d + kKeys * (kLanes + 2 * d) + states + z.Sk;
    Carver room{static_cast<float*>(scratch(thread, 0, size_t(floats + 192) * 4))};
    if (!room.at) return __atomic_store_n(&failed, kNoMemory, __ATOMIC_RELAXED);
    const ForwardRoom r{room.take(kQueries * d),
                        room.take(kQueries * d),
                        room.take(kKeys * kLanes),
                        room.take(kKeys * d),
                        room.take(kKeys * d),
                        reinterpret_cast<Softmax*>(room.take(states)),
                        reinterpret_cast<int32_t*>(room.take(z.Sk + 1))};
    for (; t < end; t++) {
      // The last queries first: under a causal mask they have the most keys.
      const int64_t step = steps.count - 1 - t % steps.count, n = steps.queries(step);
      if (n > 0) forward_block(z, c, t / steps.count, steps.first(step), n, r);
    }
  });
  return failed;
}

const char* attention_backward(const Call& c, const Pattern& pattern) {
  const Sizes z(c, pattern);
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
    const int64_t keys = least(length, z.Sk);
    const int64_t floats = 2 * (Q + kKeys + keys) * (d + dp) + d * Q + 2 * kKeys * Q + keys;
    Carver room{static_cast<float*>(scratch(thread, 0, size_t(floats + 320) * 4))};
    if (!room.at) return __atomic_store_n(&failed, kNoMemory, __ATOMIC_RELAXED);
    const BackwardRoom r{room.take(Q * d),
                         room.take(Q * d),
                         room.take(Q * dp),
                         room.take(Q * dp),
                         room.take(Q * d),
                         room.take(kKeys * Q),
                         room.take(kKeys * Q),
                         room.take(keys * d),
                         room.take(keys * d),
                         room.take(keys * dp),
                         room.take(keys * dp),
                         room.take(kKeys * d),
                         room.take(kKeys * d),
                         room.take(kKeys * dp),
                         room.take(kKeys * dp),
                         reinterpret_cast<int32_t*>(room.take(keys + 1))};
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

}  // namespace longconv::LONGCONV_ISA
