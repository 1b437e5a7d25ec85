// Attention with a kernel of features and its gradients; formulas in op.ts. attr: causal, index of the map, eps, keyEps.
//
// Steps are taken in chunks. What lies before a chunk (or after it, when time runs backwards) comes from a running
// state, in one product; what lies within it from products masked above the diagonal, in blocks of kBlock steps. Not
// causal: the state of all steps first, then one product a chunk.
//
//   o         phi(q) S, S = sum phi(k)^T v             within: A^T = phi(k) phi(q)^T, o += A v
//   d phi(q)  (g', delta) S^T, S^T = sum (v, 1)^T phi(k)      dA^T = v g'^T + delta, dq += dA phi(k)
//   d phi(k)  (v, 1) R^T, R^T = sum (g', delta)^T phi(q)      dk += dA^T phi(q)
//   dv        phi(k) R                                        dv += A^T g'
//
// A task is a group of steps of one head. Where there are few heads, groups are several: their sums come first and are
// added in order. The groups and so the bits follow from shapes alone. Memory: that of the states, and chunks. Rows
// are read and written where they lie if their length allows it; only lanes of the masked products are transposed.
//
// Ladder: percent of a large matrix product's speed that the arithmetic of op.ts makes, forward / backward; CPU time of
// one core of AVX-512, B 2, L 4K, 4 heads, features given, other work running:
//                                          full, m = e = 32    64         causal, 32    64
//   everything transposed, rows copied              26 / 23    40 / 39       18 / 17    37 / 35
//   rows where they lie, the next asked for         51 / 42    69 / 59       35 / 23    48 / 36
//   whole vectors wherever there are some           52 / 46    69 / 66       36 / 27    48 / 38
// Within its chunks the causal form does 0.7 (m = e = 32) and 0.4 (64) of that arithmetic again, which is not counted.
#include "gemm-dot.h"
#include "gemm.h"
#include "kernel.h"
#include "pool.h"
#include "rows.h"
#include "simd-math.h"

namespace longconv {
namespace {

using LONGCONV_ISA::gemm_tile;

constexpr int64_t kChunk = 32;      // steps of a causal chunk
constexpr int64_t kWide = 64;       // steps of a chunk that is not
constexpr int64_t kBlock = 16;      // lanes whose visible steps are cut alike
constexpr int64_t kHeads = 8;       // heads that keep enough threads busy; causal groups cost arithmetic
constexpr int64_t kFullHeads = 32;  // the same where they do not
constexpr int64_t kGroup = 512;     // least steps of a group
constexpr const char* kNoMemory = "no memory is left for the sums over keys: use a smaller batch or fewer threads";

struct Sizes {
  int64_t B, Sq, Sk, h, m, e, mp, ep, gp, heads, T, step, groups, length, state;
  bool causal, elu;
  float eps, key_eps;
  const int32_t* lengths;
  explicit Sizes(const Call& c)
      : B(c.in[0].dim[0]), Sq(c.in[0].dim[1]), Sk(c.in[1].dim[1]), h(c.in[0].dim[2]), m(c.in[0].dim[3]),
        e(c.in[2].dim[3]), mp(up(m, W)), ep(up(e, W)), gp(up(e + 1, W)), heads(B * h), T(most(Sq, Sk)),
        causal(c.attr[0] != 0), elu(c.attr[1] != 0), eps(float(c.attr[2])), key_eps(float(c.attr[3])),
        lengths(c.in[3] ? c.in[3].i() : nullptr) {
    step = causal ? kChunk : kWide;
    groups = most(1, least(((causal ? kHeads : kFullHeads) + heads - 1) / heads, T / kGroup));
    length = up((T + groups - 1) / groups, step);
    groups = (T + length - 1) / length;
    state = up(most(m * ep + mp, (e + 1) * mp), 16);
  }
  int64_t row(int64_t head, int64_t i, int64_t S) const { return (head / h * S + i) * h + head % h; }
  /** Keys that any query of this head may see. */
  int64_t keys(int64_t head) const { return lengths ? most(0, least(lengths[head / h], Sk)) : Sk; }
  int64_t begin(int64_t g) const { return g * length; }
  int64_t end(int64_t g) const { return least(T, (g + 1) * length); }
};

/** Scratch of a task. */
struct Room {
  float *q, *k, *v, *g, *delta, *xt, *gt, *a, *b, *turned;
  static int64_t floats(const Sizes& z) {
    return z.step * (2 * z.mp + z.ep + z.gp + 1) + kChunk * (z.m + z.e + 2 * kChunk) + z.mp * z.ep + 10 * 16;
  }
  Room(const Sizes& z, float* p) {
    const auto take = [&p](int64_t n) {
      float* at = p;
      p += up(n, 16);
      return at;
    };
    q = take(z.step * z.mp), k = take(z.step * z.mp), v = take(z.step * z.ep), g = take(z.step * z.gp);
    delta = take(z.step), xt = take(z.m * kChunk), gt = take(z.e * kChunk), a = take(kChunk * kChunk);
    b = take(kChunk * kChunk), turned = take(z.mp * z.ep);
  }
};

/** The call with what its passes share. */
struct Work {
  const Call& c;
  Sizes z;
  const float *norm = nullptr, *delta = nullptr;  // of the backward pass, by head and query
  explicit Work(const Call& call) : c(call), z(call) {}

  int64_t count_q(int64_t i) const { return most(0, least(z.step, z.Sq - i)); }
  int64_t count_k(int64_t head, int64_t j) const { return most(0, least(z.step, z.keys(head) - j)); }
  const float* at(int operand, int64_t head, int64_t i, int64_t S, int64_t d) const {
    return c.in[operand].f() + z.row(head, i, S) * d;
  }
  Rows queries(int64_t head, int64_t i, int64_t n, bool whole, const Room& r) const {
    const float* x = at(0, head, i, z.Sq, z.m);
    prefetch_rows(x + n * z.h * z.m, z.h * z.m, least(n, z.Sq - i - n), z.m);
    return rows(x, z.h * z.m, n, z.m, whole, z.elu, r.q);
  }
  Rows keys(int64_t head, int64_t j, int64_t n, bool whole, const Room& r) const {
    const float* x = at(1, head, j, z.Sk, z.m);
    prefetch_rows(x + n * z.h * z.m, z.h * z.m, least(n, z.Sk - j - n), z.m);
    return rows(x, z.h * z.m, n, z.m, whole, z.elu, r.k);
  }
  Rows values(int64_t head, int64_t j, int64_t n, bool whole, const Room& r) const {
    const float* x = at(2, head, j, z.Sk, z.e);
    prefetch_rows(x + n * z.h * z.e, z.h * z.e, least(n, z.Sk - j - n), z.e);
    return rows(x, z.h * z.e, n, z.e, whole, false, r.v);
  }
  float inverse(int64_t head, int64_t i) const {
    const float n = norm[head * z.Sq + i];
    return n != 0 ? 1 / n : 0;
  }
  /** g' in rows of gp, delta in column e and in r.delta. */
  __attribute__((noinline)) Rows upstream(int64_t head, int64_t i, int64_t n, const Room& r) const {
    const float* x = c.gout[0].f() + z.row(head, i, z.Sq) * z.e;
    prefetch_rows(x + n * z.h * z.e, z.h * z.e, least(n, z.Sq - i - n), z.e);
    for (int64_t l = 0; l < n; l++) {
      const V s = splat(inverse(head, i + l));
      float* y = r.g + l * z.gp;
      int64_t t = 0;
      for (; t + W <= z.e; t += W) store(y + t, load(x + l * z.h * z.e + t) * s);
      if (t < z.e) store(y + t, load_part(x + l * z.h * z.e + t, int(z.e - t)) * s);
      y[z.e] = r.delta[l] = delta[head * z.Sq + i + l];
    }
    for (int64_t l = n; l < z.step; l++) r.delta[l] = 0;
    return {r.g, z.gp};
  }
};

/** state (rows x cols) += y^T x over n steps, its last row += the sum of weight x (weight null: 1). */
__attribute__((noinline)) void grow(float* state, int64_t height, int64_t cols, const Rows& y, const Rows& x, const float* weight, int64_t n) {
  gemm_tile(height, cols, n, y.p, 1, y.ld, x.p, x.ld, state, cols, nullptr, true);
  float* last = state + height * cols;
  for (int64_t t = 0; weight && t < cols; t += W) {
    V sum = load(last + t);
    for (int64_t i = 0; i < n; i++) sum = fma(load(x.p + i * x.ld + t), splat(weight[i]), sum);
    store(last + t, sum);
  }
}

/** last (d) += the sum of n rows. */
__attribute__((noinline)) void add_rows(const Rows& x, int64_t n, int64_t d, float* last) {
  for (int64_t t = 0; t < d; t += W) {
    V sum[2] = {load(last + t), V{}};
    if (t + W <= d)
      for (int64_t i = 0; i < n; i++) sum[i & 1] += load(x.p + i * x.ld + t);
    else
      for (int64_t i = 0; i < n; i++) sum[i & 1] += load_part(x.p + i * x.ld + t, int(d - t));
    store(last + t, sum[0] + sum[1]);
  }
}

/**
 * a (nk x kChunk): entry (j, i) = start_i + sum_p y(j, p) x(p, i) for key j and query i >= j; zero for i < j within a
 * block of lanes, and not written in blocks that lie before j altogether.
 */
__attribute__((noinline)) void triangle(const Rows& y, int64_t p, const float* x, const float* start, int64_t nk, int64_t nq, float* a) {
  for (int64_t i = 0; i < nq; i += kBlock) {
    const int64_t n = least(nk, i + kBlock);
    gemm_tile(n, kBlock, p, y.p, y.ld, 1, x + i, kChunk, a + i, kChunk, start ? start + i : nullptr, false);
    for (int64_t j = i + 1; j < n; j++)
      for (int64_t l = i; l < j; l++) a[j * kChunk + l] = 0;
  }
}

/** Rows of out, one a query: += a^T x, what each sees of nk keys. */
__attribute__((noinline)) void to_queries(const float* a, const Rows& x, int64_t d, int64_t nk, int64_t nq, float* out, int64_t ld) {
  for (int64_t i = 0; i < nq; i += kBlock)
    gemm_tile(least(kBlock, nq - i), d, least(nk, i + kBlock), a + i, 1, kChunk, x.p, x.ld, out + i * ld, ld, nullptr,
              true);
}

/** Rows of out, one a key: += a x, what it gives to the queries that see it. */
__attribute__((noinline)) void to_keys(const float* a, const Rows& x, int64_t d, int64_t nk, int64_t nq, float* out, int64_t ld) {
  for (int64_t j = 0; j < least(nk, nq); j += kBlock)
    gemm_tile(least(kBlock, nk - j), d, nq - j, a + j * kChunk + j, kChunk, 1, x.p + j * x.ld, x.ld, out + j * ld, ld,
              nullptr, true);
}

/** Outputs and norms of a chunk from step i on. state: S (m x ep), then the sum of keys. */
void forward_chunk(const Work& w, int64_t head, int64_t i, float* state, const Room& r) {
  const Sizes& z = w.z;
  const int64_t n = w.count_q(i), nk = z.causal ? w.count_k(head, i) : 0, ld = z.h * z.e;
  const Rows k = nk ? w.keys(head, i, nk, false, r) : Rows{}, v = nk ? w.values(head, i, nk, true, r) : Rows{};
  float* sum = state + z.m * z.ep;
  if (n) {
    float *o = w.c.out[0].f() + z.row(head, i, z.Sq) * z.e, *norm = w.c.out[1].f() + head * z.Sq + i;
    const Rows q = w.queries(head, i, n, false, r);
    gemm_tile(n, z.e, z.m, q.p, q.ld, 1, state, z.ep, o, ld, nullptr, false);
    for (int64_t t = 0; t < z.mp; t += W) store(r.turned + t, load(sum + t) + splat(z.key_eps));
    dots(q, n, z.m, r.turned, z.eps, norm);
    if (nk) {
      columns(q.p, q.ld, n, z.m, kChunk, r.xt);
      triangle(k, z.m, r.xt, nullptr, nk, n, r.a);
      to_queries(r.a, v, z.e, nk, n, o, ld);
      for (int64_t l = 0; l < n; l += W) {
        const int part = int(least(W, n - l));
        V d = load_part(norm + l, part);
        for (int64_t j = 0; j < least(nk, l / kBlock * kBlock + kBlock); j++) d += load(r.a + j * kChunk + l);
        store_part(norm + l, d, part);
      }
    }
    for (int64_t l = 0; l < n; l++) {
      const V s = splat(norm[l] != 0 ? 1 / norm[l] : 0);
      float* y = o + l * ld;
      int64_t t = 0;
      for (; t + W <= z.e; t += W) store(y + t, load(y + t) * s);
      if (t < z.e) store_part(y + t, load_part(y + t, int(z.e - t)) * s, int(z.e - t));
    }
  }
  if (!nk) return;
  grow(state, z.m, z.ep, k, v, nullptr, nk);
  add_rows(k, nk, z.m, sum);
}

/** y *= phi'(x) for n rows of d, from phi(x): 1 for x > 0, phi(x) otherwise. */
__attribute__((noinline)) void slopes(const Rows& phi, int64_t n, int64_t d, float* y, int64_t ld) {
  for (int64_t i = 0; i < n; i++, y += ld) {
    const float* x = phi.p + i * phi.ld;
    int64_t t = 0;
    for (; t + W <= d; t += W) store(y + t, load(y + t) * vmin(load(x + t), splat(1)));
    if (t < d) store_part(y + t, load_part(y + t, int(d - t)) * vmin(load(x + t), splat(1)), int(d - t));
  }
}

/** dq of a chunk from step i on. state: S^T (e x mp), then the sum of keys and keyEps. */
void query_chunk(const Work& w, int64_t head, int64_t i, float* state, const Room& r) {
  const Sizes& z = w.z;
  const int64_t n = w.count_q(i), nk = z.causal ? w.count_k(head, i) : 0, ld = z.h * z.m;
  if (!n) return;
  float* dq = w.c.gin[0].f() + z.row(head, i, z.Sq) * z.m;
  const Rows g = w.upstream(head, i, n, r);
  gemm_tile(n, z.m, z.e + 1, g.p, g.ld, 1, state, z.mp, dq, ld, nullptr, false);
  if (nk) {
    const Rows k = w.keys(head, i, nk, true, r), v = w.values(head, i, nk, false, r);
    columns(g.p, g.ld, n, z.e, kChunk, r.gt);
    triangle(v, z.e, r.gt, r.delta, nk, n, r.a);
    to_queries(r.a, k, z.m, nk, n, dq, ld);
    grow(state, z.e, z.mp, v, k, nullptr, nk);
    add_rows(k, nk, z.m, state + z.e * z.mp);
  }
  if (z.elu) slopes(w.queries(head, i, n, true, r), n, z.m, dq, ld);
}

/** dk and dv of a chunk from step j on. state: R^T (e x mp), then the sum of delta phi(q). */
void key_chunk(const Work& w, int64_t head, int64_t j, float* state, const Room& r) {
  const Sizes& z = w.z;
  const int64_t stored = most(0, least(z.step, z.Sk - j)), n = least(stored, w.count_k(head, j));
  const int64_t nq = z.causal ? w.count_q(j) : 0, at = z.row(head, j, z.Sk), ldk = z.h * z.m, ldv = z.h * z.e;
  float* dk = w.c.gin[1] ? w.c.gin[1].f() + at * z.m : nullptr;
  float* dv = w.c.gin[2] ? w.c.gin[2].f() + at * z.e : nullptr;
  const Rows q = nq ? w.queries(head, j, nq, true, r) : Rows{}, g = nq ? w.upstream(head, j, nq, r) : Rows{};
  if (n) {
    const Rows k = w.keys(head, j, n, false, r), v = w.values(head, j, n, false, r);
    if (dk) {
      gemm_tile(n, z.m, z.e, v.p, v.ld, 1, state, z.mp, dk, ldk, state + z.e * z.mp, false);
      if (nq) {
        columns(g.p, g.ld, nq, z.e, kChunk, r.gt);
        triangle(v, z.e, r.gt, r.delta, n, nq, r.a);
        to_keys(r.a, q, z.m, n, nq, dk, ldk);
      }
      if (z.elu) slopes(k, n, z.m, dk, ldk);
    }
    if (dv) {
      if (z.causal || j == z.begin(j / z.length)) columns(state, z.mp, z.e, z.m, z.ep, r.turned);
      gemm_tile(n, z.e, z.m, k.p, k.ld, 1, r.turned, z.ep, dv, ldv, nullptr, false);
      if (nq) {
        columns(q.p, q.ld, nq, z.m, kChunk, r.xt);
        triangle(k, z.m, r.xt, nullptr, n, nq, r.b);
        to_keys(r.b, g, z.e, n, nq, dv, ldv);
      }
    }
  }
  if (dk) zero_rows(dk + n * ldk, ldk, stored - n, z.m);
  if (dv) zero_rows(dv + n * ldv, ldv, stored - n, z.e);
  if (nq) grow(state, z.e, z.mp, g, q, r.delta, nq);
}

/** What a pass sums, and what it makes of it. */
struct Pass {
  enum { kOutputs, kQueries, kKeys } kind;
  void (*chunk)(const Work&, int64_t head, int64_t step, float* state, const Room&);
};

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

/** The sums of each group, in states (heads x groups). */
const char* group_sums(const Work& w, Pass pass, float* states) {
  const Sizes& z = w.z;
  return each_group(z, [&](int64_t head, int64_t g, const Room& r) {
    float* state = states + (head * z.groups + g) * z.state;
    __builtin_memset(state, 0, size_t(z.state) * 4);
    const bool back = pass.kind == Pass::kKeys;
    if (z.causal && g == (back ? 0 : z.groups - 1)) return;  // nothing comes after it
    const int64_t end = least(z.end(g), back ? z.Sq : z.keys(head));
    for (int64_t i = z.begin(g); i < end; i += z.step) {
      const int64_t n = least(z.step, end - i);
      if (back) {
        const Rows q = w.queries(head, i, n, true, r);
        grow(state, z.e, z.mp, w.upstream(head, i, n, r), q, r.delta, n);
        continue;
      }
      const bool out = pass.kind == Pass::kOutputs;
      const Rows k = w.keys(head, i, n, !out, r), v = w.values(head, i, n, out, r);
      if (out) grow(state, z.m, z.ep, k, v, nullptr, n);
      else grow(state, z.e, z.mp, v, k, nullptr, n);
      add_rows(k, n, z.m, state + (out ? z.m * z.ep : z.e * z.mp));
    }
  });
}

/** Each group's sums become what its outputs start from: the sums before it (kKeys: after it), or all of them. */
void starts(const Work& w, Pass pass, float* states) {
  const Sizes& z = w.z;
  const bool back = pass.kind == Pass::kKeys, out = pass.kind == Pass::kOutputs;
  const int64_t used = out ? z.m * z.ep + z.mp : (z.e + 1) * z.mp;
  const float* start = w.c.in[4] && !back ? w.c.in[4].f() : nullptr;
  parallel(z.heads, 1, [&](int64_t head, int64_t end, int) {
    for (; head < end; head++) {
      float* s = states + head * z.groups * z.state;
      float* first = s + (back ? z.groups - 1 : 0) * z.state;
      for (int64_t x = 0; x < used; x += W) {
        V sum{};
        for (int64_t i = 0; i < z.groups; i++) {
          float* y = s + (back ? z.groups - 1 - i : i) * z.state + x;
          const V own = load(y);
          if (z.causal) store(y, sum);
          sum += own;
        }
        if (!z.causal) store(first + x, sum);
      }
      const bool fresh = z.causal && z.groups == 1;  // nothing to add to
      if (start && fresh) {
        const float* x = start + head * (z.e + 1) * z.m;
        if (out) turn(x, z.m, z.e, z.m, s, z.ep);
        else copy_rows(x, z.m, z.e, z.m, z.mp, false, s);
        copy_rows(x + z.e * z.m, z.m, 1, z.m, z.mp, false, s + (out ? z.m * z.ep : z.e * z.mp));
      }
      for (int64_t g = 0; start && !fresh && g < (z.causal ? z.groups : 1); g++)
        for (int64_t t = 0; t <= z.e; t++)
          for (int64_t f = 0; f < z.m; f++)
            s[g * z.state + (!out ? t * z.mp + f : t < z.e ? f * z.ep + t : z.m * z.ep + f)] +=
                start[(head * (z.e + 1) + t) * z.m + f];
      for (int64_t g = 0; pass.kind == Pass::kQueries && g < (z.causal ? z.groups : 1); g++)
        for (int64_t f = 0; f < z.m; f++) s[g * z.state + z.e * z.mp + f] += z.key_eps;
      for (int64_t g = 0; !z.causal && g < z.groups; g++)
        if (s + g * z.state != first) __builtin_memcpy(s + g * z.state, first, size_t(used) * 4);
    }
  });
}

/** Runs a pass over all steps, from the states that its sums give; forward in time, or back. */
const char* run(const Work& w, Pass pass, float* states) {
  const Sizes& z = w.z;
  const char* failed = nullptr;
  if (z.causal && z.groups == 1) __builtin_memset(states, 0, size_t(z.heads * z.state) * 4);
  else failed = group_sums(w, pass, states);
  if (failed) return failed;
  starts(w, pass, states);
  return each_group(z, [&](int64_t head, int64_t g, const Room& r) {
    float* state = states + (head * z.groups + g) * z.state;
    const int64_t begin = z.begin(g), chunks = (z.end(g) - begin + z.step - 1) / z.step;
    const bool back = z.causal && pass.kind == Pass::kKeys;
    for (int64_t i = 0; i < chunks; i++)
      pass.chunk(w, head, begin + (back ? chunks - 1 - i : i) * z.step, state, r);
  });
}

const char* forward(const Call& c) {
  const Work w(c);
  const Sizes& z = w.z;
  float* states = static_cast<float*>(pool_alloc(size_t(z.heads * z.groups * z.state) * 4));
  if (!states) return kNoMemory;
  const char* failed = run(w, {Pass::kOutputs, forward_chunk}, states);
  if (!failed)
    parallel(z.heads, 1 + 65536 / z.state, [&](int64_t head, int64_t end, int) {
      for (; head < end; head++) {
        const float* last = states + ((head + 1) * z.groups - 1) * z.state;
        float* y = c.out[2].f() + head * (z.e + 1) * z.m;
        turn(last, z.ep, z.m, z.e, y, z.m);
        __builtin_memcpy(y + z.e * z.m, last + z.m * z.ep, size_t(z.m) * 4);
      }
    });
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
  if (c.gin[0]) failed = run(w, {Pass::kQueries, query_chunk}, states);
  if (!failed && (c.gin[1] || c.gin[2])) failed = run(w, {Pass::kKeys, key_chunk}, states);
  pool_free(states);
  return failed;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("kernel-attention", "forward", longconv::forward)
LONGCONV_KERNEL("kernel-attention", "backward", longconv::backward)
