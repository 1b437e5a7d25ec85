// Broadcasting with axes merged: an element-wise loop over operands of which some repeat becomes rows of one inner
// loop in which every operand either advances by one or stands still.
#pragma once
#include "kernel.h"
#include "simd.h"

namespace longconv {
namespace {

struct Broadcast {
  int rank = 0;
  int64_t dim[8];         // outermost first
  int64_t stride[2][8];   // of each operand; 0 where it repeats

  int64_t inner() const { return dim[rank - 1]; }
  int64_t outer() const {
    int64_t n = 1;
    for (int d = 0; d + 1 < rank; d++) n *= dim[d];
    return n;
  }
  int64_t step(int operand) const { return stride[operand][rank - 1]; }
  /** Where operand's row starts. */
  int64_t offset(int operand, int64_t row) const {
    int64_t at = 0;
    for (int d = rank - 2; d >= 0; d--) {
      at += (row % dim[d]) * stride[operand][d];
      row /= dim[d];
    }
    return at;
  }
};

/** Merges the axes of `full` for operands a and b, whose shapes broadcast to it. At least one axis remains. */
inline Broadcast broadcast(const Tensor& full, const Tensor& a, const Tensor& b) {
  const Tensor* operands[2] = {&a, &b};
  int64_t stride[2][8];
  for (int o = 0; o < 2; o++) {
    int64_t step = 1;
    for (int d = full.rank - 1; d >= 0; d--) {
      int own = d - full.rank + operands[o]->rank;
      int64_t n = own >= 0 ? operands[o]->dim[own] : 1;
      stride[o][d] = n == 1 ? 0 : step;
      step *= n;
    }
  }
  Broadcast g;
  for (int d = full.rank - 1; d >= 0; d--) {
    int64_t n = full.dim[d];
    if (n == 1) continue;
    // Built innermost first, reversed below.
    int last = g.rank - 1;
    bool joins = last >= 0;
    for (int o = 0; o < 2 && joins; o++) joins = stride[o][d] == g.stride[o][last] * g.dim[last];
    if (joins) {
      g.dim[last] *= n;
    } else {
      g.dim[g.rank] = n;
      for (int o = 0; o < 2; o++) g.stride[o][g.rank] = stride[o][d];
      g.rank++;
    }
  }
  if (g.rank == 0) {
    g.dim[0] = 1;
    g.stride[0][0] = g.stride[1][0] = 1;
    g.rank = 1;
  }
  for (int i = 0, j = g.rank - 1; i < j; i++, j--) {
    int64_t t = g.dim[i];
    g.dim[i] = g.dim[j], g.dim[j] = t;
    for (int o = 0; o < 2; o++) t = g.stride[o][i], g.stride[o][i] = g.stride[o][j], g.stride[o][j] = t;
  }
  return g;
}

/** Cuts rows into pieces of at most kPiece: fn(row, begin, n, thread), in parallel. */
constexpr int64_t kPiece = 1 << 13;
template <class F>
inline void parallel_pieces(int64_t rows, int64_t inner, const F& fn) {
  const int64_t pieces = (inner + kPiece - 1) / kPiece;
  const int64_t grain = pieces > 1 ? 1 : 1 + kPiece / (inner < 1 ? 1 : inner);
  parallel(rows * pieces, grain, [&](int64_t i, int64_t end, int thread) {
    int64_t row = i / pieces, begin = (i % pieces) * kPiece;
    for (; i < end; i++) {
      fn(row, begin, inner - begin < kPiece ? inner - begin : kPiece, thread);
      begin += kPiece;
      if (begin >= inner) begin = 0, row++;
    }
    nt_fence();  // a Sink may have been written
  });
}

}  // namespace
}  // namespace longconv
