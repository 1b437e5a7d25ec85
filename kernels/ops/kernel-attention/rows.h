// Rows of queries, keys and values: where they lie in (B, L, h, d), or as the products of cpu.cc want them.
#pragma once
#include "simd-math.h"
#include "transpose.h"

namespace longconv {
namespace {

int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }
int64_t up(int64_t n, int64_t of) { return (n + of - 1) / of * of; }

LC_INLINE V feature(V x) { return vmax(x, V{}) + vexp(vmin(x, V{})); }

/** Rows of an operand: where they lie, or copied and padded to whole vectors. */
struct Rows {
  const float* p;
  int64_t ld;
};

/** Rows so far apart that they crowd into few cache sets. */
LC_INLINE bool collide(int64_t ld) { return ld % 512 == 0; }

/** n rows of d, ld apart, padded with zeros to `width`, `width` apart. */
__attribute__((noinline)) void copy_rows(const float* x, int64_t ld, int64_t n, int64_t d, int64_t width, bool elu, float* y) {
  for (int64_t i = 0; i < n; i++, x += ld, y += width) {
    int64_t t = 0;
    for (; t + W <= d; t += W) store(y + t, elu ? feature(load(x + t)) : load(x + t));
    for (; t < width; t += W) {
      const int64_t w = most(0, d - t);
      const V a = load_part(x + t, int(w));
      store(y + t, elu ? first(feature(a), w) : a);
    }
  }
}

/** `whole`: whole vectors of them will be read. */
Rows rows(const float* x, int64_t ld, int64_t n, int64_t d, bool whole, bool elu, float* room) {
  if (!elu && (d % W == 0 || !whole) && !collide(ld)) return {x, ld};
  copy_rows(x, ld, n, d, up(d, W), elu, room);
  return {room, up(d, W)};
}

/** Asks for n rows of d ahead of time: rows of a head lie apart, out of the reach of the machine's own guesses. */
void prefetch_rows(const float* x, int64_t ld, int64_t n, int64_t d) {
  for (int64_t i = 0; i < n; i++, x += ld)
    for (int64_t t = 0; t < d; t += 16) __builtin_prefetch(x + t, 0, 2);
}

/** y (d x lanes, lanes a multiple of W) = x^T for n rows of d; lanes from n on are zero. */
__attribute__((noinline)) void columns(const float* x, int64_t ld, int64_t n, int64_t d, int64_t lanes, float* y) {
  for (int64_t i = 0; i < lanes; i += W)
    transpose_strip(x + i * ld, ld, int(most(0, least(W, n - i))), d, 1.0f, y + i, lanes);
}

/** y (d x n, rows ldy apart) = x^T for n rows of d. */
__attribute__((noinline)) void turn(const float* x, int64_t ld, int64_t n, int64_t d, float* y, int64_t ldy) {
  for (int64_t i = 0; i < n; i += W) {
    const int w = int(least(W, n - i));
    transpose_strip(x + i * ld, ld, w, d, 1.0f, y + i, ldy, w);
  }
}

/** y_i = start + x_i . z for n rows of d. */
void dots(const Rows& x, int64_t n, int64_t d, const float* z, float start, float* y) {
  for (int64_t i = 0; i < n; i += 4) {
    const int64_t rest = n - i - 1;
    const float* p[4];
    V sum[4] = {};
    for (int r = 0; r < 4; r++) p[r] = x.p + (i + least(r, rest)) * x.ld;
    int64_t t = 0;
    for (; t + W <= d; t += W)
      for (int r = 0; r < 4; r++) sum[r] = fma(load(p[r] + t), load(z + t), sum[r]);
    for (int r = 0; r < 4 && t < d; r++) sum[r] = fma(load_part(p[r] + t, int(d - t)), load(z + t), sum[r]);
    const V s = hsum4(sum[0], sum[1], sum[2], sum[3]) + splat(start);
    store_part(y + i, s, int(least(4, n - i)));
  }
}

void zero_rows(float* y, int64_t ld, int64_t n, int64_t d) {
  for (int64_t i = 0; i < n; i++) __builtin_memset(y + i * ld, 0, size_t(d) * 4);
}

}  // namespace
}  // namespace longconv
