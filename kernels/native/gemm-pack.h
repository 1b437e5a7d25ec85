// Packing of operands for the micro-kernel. Everything is zero padded to whole vectors where lanes run (b).
#pragma once
#include "micro.h"
#include "transpose.h"

namespace longconv {
namespace {

inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
inline int64_t pieces(int64_t n, int64_t of) { return (n + of - 1) / of; }

/** Width of a panel that holds w columns. */
LC_INLINE int panel_width(int w) { return w > W ? kLanes : W; }

/**
 * Columns [0, n) of b (K x n, entry (k, j) at b[k row + j col]) into panels: the one that starts at column j lies at
 * out + j K and has rows of kLanes elements (W for a last one that is that narrow).
 */
inline void pack_panels(const float* b, int64_t row, int64_t col, int64_t K, int64_t n, float* out) {
  for (int64_t j = 0; j < n; j += kLanes) {
    const int w = int(least(kLanes, n - j)), width = panel_width(w);
    float* p = out + j * K;
    const float* x = b + j * col;
    if (row == 1 && col != 1) {
      for (int h = 0; h < width; h += W)
        transpose_strip(x + h * col, col, int(least(W, w - h)), K, 1.0f, p + h, width);
    } else if (col == 1 && w == kLanes) {
      for (int64_t k = 0; k < K; k++, x += row, p += kLanes) {
        store(p, load(x));
        store(p + W, load(x + W));
      }
    } else if (col == 1) {
      for (int64_t k = 0; k < K; k++, x += row, p += width)
        for (int h = 0; h < width; h += W) store(p + h, load_part(x + h, int(least(W, w - h))));
    } else {
      for (int64_t k = 0; k < K; k++)
        for (int t = 0; t < width; t++) p[k * width + t] = t < w ? x[k * row + t * col] : 0;
    }
  }
}

/** True when the rows of a tile, this far apart, crowd into fewer cache sets (64, of 8 ways) than they need. */
inline bool rows_collide(int64_t stride) {
  int used[64] = {};
  for (int i = 0; i < kRows; i++)
    if (++used[(i * stride / 16) & 63] > 6) return true;
  return false;
}

/** Rows of a as the micro-kernel reads them: tile t starts at p + t * tile (or at its first row, when tile is 0). */
struct RowView {
  const float* p;
  int64_t ai, ak, tile;
};

/** Tile t of m rows begins here; the rows are shared out evenly, so that no tile is much lower than the others. */
LC_INLINE int64_t tile_row(int64_t m, int64_t t) { return t * m / pieces(m, kRows); }

/** The elements that pack_rows may need for m rows. */
inline int64_t rows_room(int64_t m, int64_t K) { return (m + 2 * kRows) * (pieces(K, 16) * 16 + 16) + W; }

/** Makes m rows of a (m x K) fit for the micro-kernel: as they are, copied apart, or in panels of kRows. */
inline RowView pack_rows(const float* a, int64_t row, int64_t col, int64_t m, int64_t K, float* room) {
  if (col == 1 && !rows_collide(row)) return {a, row, 1, 0};
  if (row == 1 && K * col <= 8192) return {a, 1, col, 0};
  if (col == 1) {
    const int64_t ld = pieces(K, 16) * 16 + 16;
    for (int64_t i = 0; i < m; i++) {
      int64_t k = 0;
      for (; k + W <= K; k += W) store(room + i * ld + k, load(a + i * row + k));
      if (k < K) store_part(room + i * ld + k, load_part(a + i * row + k, int(K - k)), int(K - k));
    }
    return {room, ld, 1, 0};
  }
  for (int64_t t = 0; t < pieces(m, kRows); t++) {
    const int64_t i = tile_row(m, t), rows = tile_row(m, t + 1) - i;
    float* p = room + t * kRows * K;
    const float* x = a + i * row;
    if (row == 1 && i + W <= m)
      // Whole vectors: what one step writes beyond its rows, the next one overwrites.
      for (int64_t k = 0; k < K; k++) store(p + k * kRows, load(x + k * col));
    else
      for (int64_t k = 0; k < K; k++)
        for (int64_t r = 0; r < rows; r++) p[k * kRows + r] = x[k * col + r * row];
  }
  return {room, 1, kRows, kRows * K};
}

}  // namespace
}  // namespace longconv
