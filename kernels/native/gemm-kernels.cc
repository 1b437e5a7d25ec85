// Dense single-precision products of any size and strides.
//
// A task owns a region of C and a range of K. It packs b into panels of kLanes columns (zero padded, so that the
// micro-kernel needs no mask), copies rows of a only when they would fight for cache sets, and sweeps tiles. Panels
// that fit into L2 together stay there while rows pass, so that C is written row by row; otherwise a block of a
// stays and panels pass. A K much longer than C is wide is cut into fixed chunks whose sums are added in order.
//
// The order of additions of an element follows from the shapes alone: neither the regions nor the number of
// threads change a bit.
//
// Ladder, GF/s on one core of AVX-512 (peak 115, OpenBLAS 0.3.21 about 95 on large sizes), other work running:
//   b packed, a read where it lies                      512^3 94, 8192x512x512 93, 32768x128x64 63, 1x1024x1024 6
//   the tile of c prefetched while k runs               512^3 100, 32768x128x64 73
//   few rows as dots, nothing packed                    1x1024x1024 34
//   half vectors for edges of up to W/2 columns         4096x100x100 80 to 95
//   blocks of 512 along k instead of 384                8192x512x512 from 0.98 to 1.06 of OpenBLAS
#include "gemm.h"

#include "gemm-dot.h"
#include "gemm-pack.h"
#include "kernel.h"
#include "pool.h"

namespace longconv::LONGCONV_ISA {
namespace {

// A block of a stays in L2: 1 MB or more where there is AVX-512, from 256 KB elsewhere.
constexpr int64_t kBlockK = W == 16 ? 512 : 384;
constexpr int64_t kBlockM = (W == 16 ? 224 : 120) / kRows * kRows;  // rows of a that stay while panels pass
constexpr int64_t kBlockN = 2048;  // columns of b packed at a time
constexpr int64_t kHotPanels = W == 16 ? 96 << 10 : 24 << 10;  // elements of b that stay while rows pass
constexpr int64_t kDotLimit = 6;  // rows up to which products are dots
constexpr int64_t kTaskFlops = 2 << 20;  // a task smaller than this is not worth a thread

template <int... M>
struct Rows {};
#if defined(__AVX512F__)
using AllRows = Rows<1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14>;
#elif defined(__AVX__)
using AllRows = Rows<1, 2, 3, 4, 5, 6>;
#elif defined(__aarch64__)
using AllRows = Rows<1, 2, 3, 4, 5, 6, 7, 8>;
#else
using AllRows = Rows<1, 2, 3, 4>;
#endif

template <int... M>
LC_INLINE MicroKernel pick(int m, int n, Rows<M...>) {
  static constexpr MicroKernel two[] = {micro<M, 2>...}, one[] = {micro<M, 1>...};
  if (n > W) return two[m - 1];
#if defined(__AVX512F__)
  static constexpr MicroKernel half[] = {micro_half<M>...};
  if (n <= W / 2) return half[m - 1];
#endif
  return one[m - 1];
}

/** One tile, m <= kRows by n <= kLanes; b's rows are readable up to a whole vector. */
LC_INLINE void tile(int m, int n, int64_t K, const float* a, int64_t ai, int64_t ak, const float* b, int64_t ldb,
                    float* c, int64_t ldc, const float* start, bool add) {
  const MicroKernel kernel = pick(m, n, AllRows{});
  if (n % W == 0) return kernel(K, a, ai, ak, b, ldb, c, ldc, start, add);
  alignas(64) float t[kRows * kLanes];
  kernel(K, a, ai, ak, b, ldb, t, kLanes, start, false);
  for (int i = 0; i < m; i++)
    for (int j = 0; j < n; j += W) {
      const int w = int(least(W, n - j));
      float* y = c + i * ldc + j;
      V v = load(t + i * kLanes + j);
      store_part(y, add ? v + load_part(y, w) : v, w);
    }
}

/** Brings a tile of c on its way while k runs. */
LC_INLINE void prefetch_tile(const float* c, int64_t ldc, int m, int n) {
  for (int i = 0; i < m; i++)
    for (int j = 0; j < n; j += 16) __builtin_prefetch(c + i * ldc + j, 1);
}

struct Region {
  int64_t i0, i1, j0, j1;
};

/** Scratch of a task: the panels of b and the rows of a. */
struct Room {
  float *b, *a;
};

/** c over the region = sum over units [u0, u1) of (term, block of K), + bias. Operands start at this product. */
void region(const Gemm& g, const float* a, const float* b, const Region& r, int64_t u0, int64_t u1, float* c,
            int64_t ldc, const float* bias, Room room) {
  const int64_t blocks = pieces(g.K, kBlockK);
  for (int64_t j0 = r.j0; j0 < r.j1; j0 += kBlockN)
    for (int64_t u = u0; u < u1; u++) {
      const int64_t n = least(kBlockN, r.j1 - j0), k0 = u % blocks * g.K / blocks;
      const int64_t K = (u % blocks + 1) * g.K / blocks - k0;
      const float* ua = a + u / blocks * g.a.term + k0 * g.a.col;
      const float* ub = b + u / blocks * g.b.term + k0 * g.b.row + j0 * g.b.col;
      const bool direct = g.b.col == 1 && r.i1 - r.i0 <= 7 * kRows, add = u > u0;
      const int64_t whole = direct ? n / kLanes * kLanes : 0;  // columns that are read where they are
      pack_panels(ub + whole * g.b.col, g.b.row, g.b.col, K, n - whole, room.b);
      const bool hot = K * n <= kHotPanels;
      for (int64_t i0 = r.i0; i0 < r.i1; i0 += kBlockM) {
        const int64_t m = least(kBlockM, r.i1 - i0), tiles = pieces(m, kRows), panels = pieces(n, kLanes);
        const RowView rows = pack_rows(ua + i0 * g.a.row, g.a.row, g.a.col, m, K, room.a);
        for (int64_t s = 0; s < tiles * panels; s++) {
          const int64_t t = hot ? s / panels : s % tiles, j = (hot ? s % panels : s / tiles) * kLanes;
          const int64_t i = tile_row(m, t);
          const int w = int(least(kLanes, n - j)), height = int(tile_row(m, t + 1) - i);
          float* y = c + (i0 + i) * ldc + j0 + j;
          prefetch_tile(y, ldc, height, w);
          alignas(64) float start[kLanes];
          const bool biased = bias && !add;
          if (biased)
            for (int x = 0; x < kLanes; x++) start[x] = x < w ? bias[j0 + j + x] : 0;
          tile(height, w, K, rows.p + (rows.tile ? t * rows.tile : i * rows.ai), rows.ai, rows.ak,
               j < whole ? ub + j : room.b + (j - whole) * K, j < whole ? g.b.row : panel_width(w), y, ldc,
               biased ? start : nullptr, add);
        }
      }
    }
}

/** How the work is cut. `chunks` changes the order of additions and depends on shapes alone, the rest on nothing. */
struct Plan {
  int64_t chunks, units, mr, nr, rows, cols, grain;
};

Plan plan(const Gemm& g) {
  Plan p{};
  const int64_t count = g.count0 * g.count1;
  p.units = g.terms * pieces(g.K, kBlockK);
  const int64_t wide = count * pieces(g.M, 128) * pieces(g.N, 256);
  p.chunks = wide >= 16 ? 1 : least(pieces(16, wide), p.units / 4);
  if (p.chunks < 1) p.chunks = 1;
  p.mr = pieces(g.M, 4 * kBlockM);
  p.nr = pieces(g.N, kBlockN);
  const double flops = 2.0 * double(count) * double(g.M) * double(g.N) * double(g.K) * double(g.terms);
  const double wanted = thread_count() == 1 ? 1 : 4.0 * thread_count();
  const double most = flops / kTaskFlops < wanted ? flops / kTaskFlops : wanted;
  while (double(count * p.chunks * p.mr * p.nr) < most) {
    if (g.M * p.nr >= g.N * p.mr && g.M >= 8 * kRows * p.mr) p.mr *= 2;
    else if (g.N >= 8 * kLanes * p.nr) p.nr *= 2;
    else if (g.M >= 8 * kRows * p.mr) p.mr *= 2;
    else break;
  }
  p.rows = pieces(g.M, p.mr);
  p.cols = pieces(pieces(g.N, p.nr), kLanes) * kLanes;
  p.mr = pieces(g.M, p.rows);
  p.nr = pieces(g.N, p.cols);
  const double tasks = double(count * p.chunks * p.mr * p.nr);
  p.grain = flops / tasks < kTaskFlops ? int64_t(kTaskFlops / (flops / tasks + 1)) : 1;
  return p;
}

/** Few rows (of a, or of b^T) against many, both contiguous along k. */
bool by_dots(const Gemm& g) {
  const bool contiguous = (g.a.col == 1 || g.K == 1) && (g.b.row == 1 || g.K == 1);
  return contiguous && g.terms == 1 && g.K >= W && (g.M <= kDotLimit || g.N <= kDotLimit / 2);
}

void dots(const Gemm& g) {
  const bool swap = g.M > kDotLimit;
  const int64_t many = swap ? g.M : g.N, few = swap ? g.N : g.M, strip = 64, strips = pieces(many, strip);
  const Operand &x = swap ? g.b.transposed() : g.a, &y = swap ? g.a : g.b.transposed();
  const int64_t grain = kTaskFlops / (2 * few * g.K * strip) + 1;
  parallel(g.count0 * g.count1 * strips, grain, [&](int64_t t, int64_t end, int) {
    for (; t < end; t++) {
      const int64_t e0 = t / strips / g.count1, e1 = t / strips % g.count1, j = t % strips * strip;
      const float* px = x.p + e0 * x.batch0 + e1 * x.batch1;
      const float* py = y.p + e0 * y.batch0 + e1 * y.batch1 + j * y.row;
      float* c = g.c + e0 * g.c0 + e1 * g.c1 + j * (swap ? g.ldc : 1);
      dot_product(few, least(strip, many - j), g.K, px, x.row, py, y.row, c, swap ? 1 : g.ldc, swap ? g.ldc : 1,
                  swap ? g.bias : nullptr, swap || !g.bias ? nullptr : g.bias + j);
    }
  });
}

/** c = the partial sums, added in order. */
void add_chunks(const Gemm& g, int64_t chunks, const float* partial) {
  const int64_t count = g.count0 * g.count1, size = count * g.M * g.N;
  parallel(count * g.M, 1 + 32768 / (g.N * chunks), [&](int64_t r, int64_t end, int) {
    for (; r < end; r++) {
      const int64_t e = r / g.M;
      float* y = g.c + e / g.count1 * g.c0 + e % g.count1 * g.c1 + r % g.M * g.ldc;
      for (int64_t j = 0; j < g.N; j += W) {
        const int w = int(least(W, g.N - j));
        V s{};
        for (int64_t q = 0; q < chunks; q++) s += load_part(partial + q * size + r * g.N + j, w);
        store_part(y + j, s, w);
      }
    }
  });
}

}  // namespace

void gemm_tile(int64_t m, int64_t n, int64_t K, const float* a, int64_t ai, int64_t ak, const float* b, int64_t ldb,
               float* c, int64_t ldc, const float* start, bool add) {
  const int64_t tiles = pieces(m, kRows);
  for (int64_t j = 0; j < n; j += kLanes)
    for (int64_t t = 0; t < tiles; t++) {
      const int64_t i = tile_row(m, t);
      tile(int(tile_row(m, t + 1) - i), int(least(kLanes, n - j)), K, a + i * ai, ai, ak, b + j, ldb, c + i * ldc + j,
           ldc, start ? start + j : nullptr, add);
    }
}

const char* gemm(const Gemm& g) {
  const int64_t count = g.count0 * g.count1;
  if (count <= 0 || g.M <= 0 || g.N <= 0) return nullptr;
  if (by_dots(g)) return dots(g), nullptr;
  const Plan p = plan(g);
  const int64_t size = count * g.M * g.N, deepest = least(g.K, kBlockK), regions = p.mr * p.nr;
  float* partial = p.chunks > 1 ? static_cast<float*>(pool_alloc(size_t(p.chunks * size) * 4)) : nullptr;
  const char* full = "no memory is left to pack the operands: use a smaller batch";
  if (p.chunks > 1 && !partial) return full;
  const char* failed = nullptr;
  parallel(count * p.chunks * regions, p.grain, [&](int64_t t, int64_t end, int thread) {
    Room room{static_cast<float*>(scratch(thread, 15, size_t(deepest * least(p.cols, kBlockN) * 4))),
              static_cast<float*>(scratch(thread, 14, size_t(rows_room(least(p.rows, kBlockM), deepest)) * 4))};
    if (!room.a || !room.b) return __atomic_store_n(&failed, full, __ATOMIC_RELAXED);
    for (; t < end; t++) {
      const int64_t e = t / (p.chunks * regions), q = t / regions % p.chunks, i = t / p.nr % p.mr * p.rows;
      const int64_t j = t % p.nr * p.cols, e0 = e / g.count1, e1 = e % g.count1;
      const Region r{i, least(g.M, i + p.rows), j, least(g.N, j + p.cols)};
      float* c = partial ? partial + (q * count + e) * g.M * g.N : g.c + e0 * g.c0 + e1 * g.c1;
      region(g, g.a.p + e0 * g.a.batch0 + e1 * g.a.batch1, g.b.p + e0 * g.b.batch0 + e1 * g.b.batch1, r,
             q * p.units / p.chunks, (q + 1) * p.units / p.chunks, c, partial ? g.N : g.ldc, q ? nullptr : g.bias, room);
    }
  });
  if (partial && !failed) add_chunks(g, p.chunks, partial);
  pool_free(partial);
  return failed;
}

}  // namespace longconv::LONGCONV_ISA
