// The sizes of a call, how its steps are cut, and where a task reads.
#pragma once
#include "kernel.h"
#include "rows.h"

namespace longconv {
namespace {

constexpr int64_t kChunk = 32;      // steps of a causal chunk
constexpr int64_t kWide = 64;       // steps of a chunk that is not
constexpr int64_t kBlock = 16;      // lanes whose visible steps are cut alike
constexpr int64_t kHeads = 8;       // heads that keep enough threads busy; causal groups cost arithmetic
constexpr int64_t kFullHeads = 32;  // the same where they do not
constexpr int64_t kGroup = 512;     // least steps of a group

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

}  // namespace
}  // namespace longconv
