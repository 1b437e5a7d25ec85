// The levels of native/matrix-transform.h.
//
// Executed FLOPs are 8 N n a level (half for real input, nothing for rows of zeros), in tiles of the micro-kernel; the
// copies between a chunk and its places, with the twiddles, are about 1/n of that. Chunks stay in the first-level cache.
#include "matrix-transform.h"

#include "gemm.h"
#include "pool.h"
#include "simd.h"
#include "threads.h"
#include "transpose.h"

namespace longconv::LONGCONV_ISA {
namespace {

/** e^{2 pi i turns}. */
inline void unit_root(double turns, float* re, float* im) {
  const double a = 6.283185307179586476925 * (turns - double(int64_t(turns)));
  *re = float(__builtin_cos(a)), *im = float(__builtin_sin(a));
}

inline bool make_matrix_plan(MatrixPlan& p, const double* factors, int levels, int ring) {
  p.levels = levels, p.ring = ring, p.N = 1, p.room = 0, p.largest = 1;
  for (int i = 0; i < levels; i++) p.N *= int64_t(factors[i]);
  int64_t done = 1, total = 0;
  for (int i = 0; i < levels; i++) {
    MatrixLevel& v = p.level[i];
    v.n = int64_t(factors[i]), v.done = done, v.rest = p.N / done / v.n;
    // The padding keeps the rows out of each other's cache sets.
    v.pitch = (v.rest * done + W - 1) / W * W + 16;
    done *= v.n;
    total += matrix_floats(v.n) + (i + 1 < levels ? 2 * v.n * v.rest + W : 0);
    if (2 * v.n * v.pitch > p.room) p.room = 2 * v.n * v.pitch;
    if (v.n > p.largest) p.largest = v.n;
  }
  p.room += 2 * W;
  float* at = p.memory = static_cast<float*>(pool_alloc(size_t(total) * 4));
  if (!at) return false;
  __builtin_memset(at, 0, size_t(total) * 4);
  for (int i = 0; i < levels; i++) {
    MatrixLevel& v = p.level[i];
    v.exact = matrix_at(at, v.n), at += matrix_floats(v.n);
    const double twist = ring && i == 0 ? 0.25 / double(p.N) : 0;
    for (int64_t k = 0; k < v.n; k++)
      for (int64_t j = 0; j < v.n; j++) {
        float re, im;
        unit_root(-double(j * k % v.n) / double(v.n) + twist * double(j * v.rest), &re, &im);
        put_entry(v.exact, v.n, k, j, re, im);
      }
    v.twiddle = nullptr;
    if (i + 1 == levels) break;
    v.twiddle = at, at += 2 * v.n * v.rest + W;
    const int64_t size = v.n * v.rest;
    for (int64_t r = 0; r < v.rest; r++)
      for (int64_t k = 0; k < v.n; k++) {
        float* t = v.twiddle + r * 2 * v.n + k;
        unit_root(-double(k * r % size) / double(size) + twist * double(r), t, t + v.n);
      }
  }
  return true;
}

/** Columns of a level that are worked on together. */
constexpr int64_t kChunk = 128;

/** How the elements of a level's result lie: the layout that the next level reads, or the natural order. */
struct Places {
  int64_t rest, pitch, step, plane;
  Places(const MatrixPlan& p, int i) : step(p.level[i].n * p.level[i].done) {
    const bool last = i + 1 == p.levels;
    rest = last ? 1 : p.level[i + 1].rest;
    pitch = last ? 0 : p.level[i + 1].pitch;
    plane = last ? p.N : p.level[i + 1].n * pitch;
  }
  int64_t of(int64_t r) const { return r / rest * pitch + r % rest * step; }
};

/** y = x w (conj w), n elements. */
template <bool CONJ>
LC_INLINE void times(const float* xr, const float* xi, float* yr, float* yi, V wr, V wi, int w) {
  const V a = load(xr), b = load(xi);
  const V re = CONJ ? a * wr + b * wi : a * wr - b * wi, im = CONJ ? b * wr - a * wi : b * wr + a * wi;
  if (w == W) return store(yr, re), store(yi, im);
  store_part(yr, re, w);
  store_part(yi, im, w);
}

/** Between a chunk c (2n x kChunk) of columns [c0, c1) and where they lie in the result, with the twiddles. */
template <bool ADJOINT>
inline void exchange(const MatrixPlan& p, int i, float* chunk, float* result, int64_t c0, int64_t c1) {
  const MatrixLevel& v = p.level[i];
  const Places at(p, i);
  for (int64_t k = 0; k < v.n; k++)
    for (int64_t c = c0; c < c1;) {
      const int64_t r = c / v.done, d = c % v.done, run = c1 - c < v.done - d ? c1 - c : v.done - d;
      const float* t = v.twiddle ? v.twiddle + r * 2 * v.n + k : nullptr;
      const V wr = splat(t ? t[0] : 1), wi = splat(t ? t[v.n] : 0);
      float *x = chunk + k * kChunk + c - c0, *y = result + at.of(r) + k * v.done + d;
      for (int64_t j = 0; j < run; j += W) {
        const int w = int(run - j < W ? run - j : W);
        if (ADJOINT) times<true>(y + j, y + at.plane + j, x + j, x + v.n * kChunk + j, wr, wi, w);
        else times<false>(x + j, x + v.n * kChunk + j, y + j, y + at.plane + j, wr, wi, w);
      }
      c += run;
    }
}

/** Between a chunk (columns [r0, r1) x 2n) and the result of the first level. */
template <bool ADJOINT>
inline void exchange_first(const MatrixPlan& p, float* chunk, float* result, int64_t r0, int64_t r1) {
  const MatrixLevel& v = p.level[0];
  const Places at(p, 0);
  for (int64_t r = r0; r < r1; r++) {
    float *x = chunk + (r - r0) * 2 * v.n, *y = result + at.of(r);
    const float* t = v.twiddle ? v.twiddle + r * 2 * v.n : nullptr;
    for (int64_t k = 0; k < v.n; k += W) {
      const int w = int(v.n - k < W ? v.n - k : W);
      const V wr = t ? load_part(t + k, w) : splat(1), wi = t ? load_part(t + v.n + k, w) : V{};
      if (ADJOINT) times<true>(y + k, y + at.plane + k, x + k, x + v.n + k, wr, wi, w);
      else times<false>(x + k, x + v.n + k, y + k, y + at.plane + k, wr, wi, w);
    }
  }
}

/** Columns of the first level that are worked on together. */
inline int64_t first_chunk(int64_t n) { return n >= 64 ? kChunk / 4 : n >= 32 ? kChunk / 2 : kChunk; }

/**
 * The first level: x, n rows (2n when `complex`) of which the first `rows` (of each plane, n when complex) are not
 * zero, to the next layout.
 */
inline void first_level(const MatrixPlan& p, Matrix m, const float* x, bool complex, int64_t rows, float* chunk,
                        float* out) {
  const MatrixLevel& v = p.level[0];
  const int64_t K = complex ? 2 * v.n : rows, most = first_chunk(v.n);
  for (int64_t r = 0; r < v.rest; r += most) {
    const int64_t w = v.rest - r < most ? v.rest - r : most;
    gemm_tile(w, 2 * v.n, K, x + r, 1, v.pitch, m.at, 2 * v.n, chunk, 2 * v.n, nullptr, false);
    exchange_first<false>(p, chunk, out, r, r + w);
  }
}

/** A level from the second on. */
inline void next_level(const MatrixPlan& p, int i, Matrix m, const float* x, float* chunk, float* out) {
  const MatrixLevel& v = p.level[i];
  const int64_t cols = v.rest * v.done, n = v.n;
  for (int64_t c = 0; c < cols; c += kChunk) {
    const int64_t w = cols - c < kChunk ? cols - c : kChunk;
    gemm_tile(2 * n, w, 2 * n, m.at, 1, 2 * n, x + c, v.pitch, chunk, kChunk, nullptr, false);
    exchange<false>(p, i, chunk, out, c, c + w);
  }
}

/** y[j pitch + i] = x[i n + j], i < m, j < n. */
inline void turn(const float* x, int64_t m, int64_t n, float* y, int64_t pitch) {
  for (int64_t i = 0; i < m; i += W) {
    const int h = int(m - i < W ? m - i : W);
    transpose_strip(x + i * n, n, h, n, 1.0f, y + i, pitch, h);
  }
}

}  // namespace

int64_t matrix_floats(int64_t n) { return 8 * n * n + 2 * W; }

Matrix matrix_at(float* memory, int64_t n) { return {memory, memory + 4 * n * n + W}; }

const MatrixPlan* matrix_plan(const double* factors, int levels, int ring) {
  constexpr int kKept = 32;
  static MatrixPlan plans[kKept];
  static int next = 0;
  for (MatrixPlan& p : plans) {
    bool same = p.memory && p.levels == levels && p.ring == ring;
    for (int i = 0; i < levels && same; i++) same = double(p.level[i].n) == factors[i];
    if (same) return &p;
  }
  MatrixPlan& p = plans[next];
  pool_free(p.memory);
  p.memory = nullptr;
  if (!make_matrix_plan(p, factors, levels, ring)) return nullptr;
  next = (next + 1) % kKept;
  return &p;
}

void enter_plane(const MatrixPlan& p, const float* data, int64_t len, int64_t rows, float* x) {
  const MatrixLevel& v = p.level[0];
  for (int64_t j = 0; j < rows; j++) {
    int64_t have = len - j * v.rest;
    have = have < 0 ? 0 : have > v.rest ? v.rest : have;
    if (have) __builtin_memcpy(x + j * v.pitch, data + j * v.rest, size_t(have) * 4);
    __builtin_memset(x + j * v.pitch + have, 0, size_t(v.pitch - have) * 4);
  }
}
void leave_plane(const MatrixPlan& p, const float* x, int64_t len, float* data) {
  const MatrixLevel& v = p.level[0];
  for (int64_t j = 0; j * v.rest < len; j++) {
    const int64_t have = len - j * v.rest < v.rest ? len - j * v.rest : v.rest;
    __builtin_memcpy(data + j * v.rest, x + j * v.pitch, size_t(have) * 4);
  }
}

int64_t chunk_floats(const MatrixPlan& p) { return 2 * p.largest * kChunk + 2 * W; }

bool open_desk(const MatrixPlan& p, int thread, int kept, MatrixDesk& d) {
  d.chunk = static_cast<float*>(scratch(thread, 1, size_t(2 * chunk_floats(p)) * 4));
  float* rows = static_cast<float*>(scratch(thread, 2, size_t(kept * p.room) * 4));
  if (!d.chunk || !rows) return false;
  d.spare = d.chunk + chunk_floats(p);
  for (int i = 0; i < kept; i++) d.row[i] = rows + i * p.room;
  for (int i = 0; i < p.levels; i++) d.m[i] = p.level[i].exact;
  return true;
}

void forward_levels(const MatrixPlan& p, const MatrixDesk& d, int levels, int kept, bool complex, int64_t rows,
                    float* y) {
  for (int i = 0; i < levels; i++) {
    float* out = i + 1 == p.levels ? y : d.row[(i + 1) % kept];
    if (i == 0) first_level(p, d.m[0], d.row[0], complex, rows, d.chunk, out);
    else next_level(p, i, d.m[i], d.row[i % kept], d.chunk, out);
  }
}

void next_adjoint(const MatrixPlan& p, int i, const MatrixDesk& d, const float* g, float* x) {
  const MatrixLevel& v = p.level[i];
  const int64_t cols = v.rest * v.done, n = v.n;
  for (int64_t c = 0; c < cols; c += kChunk) {
    const int64_t w = cols - c < kChunk ? cols - c : kChunk;
    exchange<true>(p, i, d.chunk, const_cast<float*>(g), c, c + w);
    gemm_tile(2 * n, w, 2 * n, d.m[i].at, 2 * n, 1, d.chunk, kChunk, x + c, v.pitch, nullptr, false);
  }
}

void first_adjoint(const MatrixPlan& p, const MatrixDesk& d, const float* g, int64_t rows, float* x) {
  const MatrixLevel& v = p.level[0];
  const int64_t most = first_chunk(v.n);
  for (int64_t r = 0; r < v.rest; r += most) {
    const int64_t w = v.rest - r < most ? v.rest - r : most;
    exchange_first<true>(p, d.chunk, const_cast<float*>(g), r, r + w);
    gemm_tile(w, rows, 2 * v.n, d.chunk, 2 * v.n, 1, d.m[0].a, 2 * v.n, d.spare, rows, nullptr, false);
    turn(d.spare, w, rows, x + r, v.pitch);
  }
}

float* adjoint_levels(const MatrixPlan& p, const MatrixDesk& d, const float* g, int64_t rows, float* a, float* b) {
  for (int i = p.levels - 1; i > 0; i--) {
    next_adjoint(p, i, d, g, a);
    g = a, a = b, b = const_cast<float*>(g);
  }
  first_adjoint(p, d, g, rows, a);
  return a;
}

void next_gradient(const MatrixPlan& p, int i, const MatrixDesk& d, const float* g, const float* x, float* dA,
                   bool add) {
  const MatrixLevel& v = p.level[i];
  const int64_t cols = v.rest * v.done, n = v.n;
  for (int64_t c = 0; c < cols; c += kChunk) {
    const int64_t w = cols - c < kChunk ? cols - c : kChunk;
    exchange<true>(p, i, d.chunk, const_cast<float*>(g), c, c + w);
    for (int64_t j = 0; j < 2 * n; j += W) {
      const int h = int(2 * n - j < W ? 2 * n - j : W);
      transpose_strip(x + j * v.pitch + c, v.pitch, h, w, 1.0f, d.spare + j, 2 * n, h);
    }
    gemm_tile(2 * n, 2 * n, w, d.chunk, kChunk, 1, d.spare, 2 * n, dA, 2 * n, nullptr, add || c > 0);
  }
}

void first_gradient(const MatrixPlan& p, const MatrixDesk& d, const float* g, const float* x, int64_t rows, float* dA,
                    bool add) {
  const MatrixLevel& v = p.level[0];
  const int64_t most = first_chunk(v.n);
  for (int64_t r = 0; r < v.rest; r += most) {
    const int64_t w = v.rest - r < most ? v.rest - r : most;
    exchange_first<true>(p, d.chunk, const_cast<float*>(g), r, r + w);
    gemm_tile(rows, 2 * v.n, w, x + r, v.pitch, 1, d.chunk, 2 * v.n, dA, 2 * v.n, nullptr, add || r > 0);
  }
}

}  // namespace longconv::LONGCONV_ISA
