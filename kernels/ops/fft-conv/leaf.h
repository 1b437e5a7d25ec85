// What happens between the forward and the inverse transform: products with spectra, block by block.
#pragma once
#include "block.h"
#include "passes.h"

namespace longconv {
namespace {

enum Leaf {
  kSpectrum,   // S -> A = scale F(S)
  kInverse,    // A -> S = F^-1(scale A)
  kProduct,    // A, K -> S = F^-1(A K)
  kConvolve,   // S, K -> S = F^-1(F(S) K)
  kCorrelate,  // S, K -> S = F^-1(F(S) conj K)
  kBackward,   // U, S, K -> A (+)= F(S) conj F(U);  S = F^-1(F(S) conj K)
  kMulti,      // S, A2 = F(U), K -> A (+)= F(S) conj A2;  A3 (+)= F(S) conj K   (A or A3 may be missing)
};

constexpr bool goes_forward(Leaf k) { return k != kInverse && k != kProduct; }
constexpr bool goes_back(Leaf k) { return k != kSpectrum && k != kMulti; }

/** Operands of a walk over the blocks of a row. Spectra lie block after block, 2 kBlock floats each. */
struct Walk {
  const Plan* p;
  float *S, *U;               // workspace rows: transformed and written back; transformed only (kBackward)
  float *A, *A3;              // accumulators or results
  const float *K, *A2;
  float scale;
  bool fresh, fresh3;         // A, A3 are overwritten
  const float *next, *next2;  // input that is wanted next: fetched on the way
};

LC_INLINE void accumulate(float* a, Cx x, bool fresh) { storec(a, fresh ? x : add(x, loadc(a))); }

/** `count` blocks from block `first` on, at offset `at` of the workspace rows. */
template <Leaf L>
void run_leaf(const Walk& w, int64_t at, int64_t first, int64_t count) {
  const Plan& p = *w.p;
  alignas(64) float room[2 * kBlock], spectrum[2 * kBlock];
  for (int64_t b = first; b < first + count; b++, at += 2 * kBlock) {
    const float* twist = twist_of(p, b, room);
    if (w.next)
      for (int i = 0; i < kBlock; i += 16) __builtin_prefetch(w.next + b * kBlock + i, 0, 2);
    if (w.next2)
      for (int i = 0; i < kBlock; i += 16) __builtin_prefetch(w.next2 + b * kBlock + i, 0, 2);
    float* s = w.S + at;
    float* A = w.A + b * 2 * kBlock;
    const float* K = w.K + b * 2 * kBlock;
    Cx x[G];
    if constexpr (L == kBackward) {
      vectors_forward(x, w.U + at, twist);
      lanes_forward(x, p.lane);
#pragma GCC unroll 8
      for (int k = 0; k < G; k++) storec(spectrum + k * 2 * W, x[k]);
    }
    if constexpr (goes_forward(L)) {
      vectors_forward(x, s, twist);
      lanes_forward(x, p.lane);
    }
#pragma GCC unroll 8
    for (int k = 0; k < G; k++) {
      const int o = k * 2 * W;
      if constexpr (L == kSpectrum) storec(A + o, scaled(x[k], splat(w.scale)));
      if constexpr (L == kInverse) x[k] = scaled(loadc(A + o), splat(w.scale));
      if constexpr (L == kProduct) x[k] = mul(loadc(A + o), loadc(K + o));
      if constexpr (L == kConvolve) x[k] = mul(x[k], loadc(K + o));
      if constexpr (L == kBackward) accumulate(A + o, mul_conj(x[k], loadc(spectrum + o)), w.fresh);
      if constexpr (L == kCorrelate || L == kBackward) x[k] = mul_conj(x[k], loadc(K + o));
      if constexpr (L == kMulti) {
        if (w.A) accumulate(A + o, mul_conj(x[k], loadc(w.A2 + b * 2 * kBlock + o)), w.fresh);
        if (w.A3) accumulate(w.A3 + b * 2 * kBlock + o, mul_conj(x[k], loadc(K + o)), w.fresh3);
      }
    }
    if constexpr (goes_back(L)) {
      lanes_inverse(x, p.lane);
      vectors_inverse(x, s, twist);
    }
  }
}

inline void leaf(Leaf kind, const Walk& w, int64_t at, int64_t first, int64_t count) {
  switch (kind) {
    case kSpectrum: return run_leaf<kSpectrum>(w, at, first, count);
    case kInverse: return run_leaf<kInverse>(w, at, first, count);
    case kProduct: return run_leaf<kProduct>(w, at, first, count);
    case kConvolve: return run_leaf<kConvolve>(w, at, first, count);
    case kCorrelate: return run_leaf<kCorrelate>(w, at, first, count);
    case kBackward: return run_leaf<kBackward>(w, at, first, count);
    case kMulti: return run_leaf<kMulti>(w, at, first, count);
  }
}

/** Everything below child blocks [r0, r1) of step `i` of `block`, depth first; the step itself is done. */
inline void walk_blocks(Leaf kind, const Walk& w, int i, int64_t block, int64_t at, int64_t r0, int64_t r1) {
  const Plan& p = *w.p;
  const Step& step = p.step[i];
  if (i + 1 == p.steps) return leaf(kind, w, at + r0 * step.stride, block * step.radix + r0, r1 - r0);
  const Step& below = p.step[i + 1];
  for (int64_t r = r0; r < r1; r++) {
    const int64_t child = block * step.radix + r, place = at + r * step.stride;
    if (goes_forward(kind)) forward_columns(p, i + 1, child, nullptr, w.S + place, 0, below.cols);
    if (kind == kBackward) forward_columns(p, i + 1, child, nullptr, w.U + place, 0, below.cols);
    walk_blocks(kind, w, i + 1, child, place, 0, below.radix);
    if (goes_back(kind)) inverse_columns(p, i + 1, child, nullptr, w.S + place, 0, below.cols);
  }
}

}  // namespace
}  // namespace longconv
