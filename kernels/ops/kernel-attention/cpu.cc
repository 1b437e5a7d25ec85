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
#include "chunks.h"
#include "pool.h"

namespace longconv {
namespace {

constexpr const char* kNoMemory = "no memory is left for the sums over keys: use a smaller batch or fewer threads";

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
