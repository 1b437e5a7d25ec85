// What a chunk of steps gives: its outputs, and its gradients; formulas in cpu.cc.
#pragma once
#include "gemm-dot.h"
#include "gemm.h"
#include "problem.h"
#include "simd-math.h"

namespace longconv {
namespace {

using LONGCONV_ISA::gemm_tile;

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

}  // namespace
}  // namespace longconv
