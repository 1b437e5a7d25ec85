// Softmax attention in tiles: one implementation per instruction set (attention-kernels.cc) of every pattern of
// visible pairs, whole or sparse. The work is proportional to the tiles that hold a visible pair.
#pragma once
#include "kernel.h"

namespace longconv::LONGCONV_ISA {

/**
 * Which keys a query sees. Query i: the keys of [low(i), high(i)), both growing with i, that `mask` and `real` show.
 * Causal: j <= i + Sk - Sq. Windows of `window` steps: those from `back` before to `ahead` after that of i; `exact`:
 * i - back window <= j <= i + ahead window.
 */
struct Pattern {
  bool causal;
  float scale;
  int64_t block = 0;  // steps of a block of the mask
  const int32_t* mask = nullptr;  // heads x blocks of queries x blocks of keys
  const int32_t* real = nullptr;  // B x Sk, zero: no query sees the key
  int64_t window = 0, back = 0, ahead = 0;
  bool exact = false;
};

/** in: q, k, v, lengths or null; out: o, lse. Null, or what went wrong. */
const char* attention_forward(const Call& c, const Pattern& pattern);

/** gin: dq, dk, dv, each or null. */
const char* attention_backward(const Call& c, const Pattern& pattern);

}  // namespace longconv::LONGCONV_ISA
