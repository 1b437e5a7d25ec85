// Lengths of the sequences of a padded batch.
#pragma once
#include "kernel.h"

namespace longconv {
namespace {

/** Length of sequence b; L when no lengths were given. */
inline int64_t length_of(const Tensor& lengths, int64_t b, int64_t L) { return lengths ? lengths.i()[b] : L; }

inline bool lengths_fit(const Tensor& lengths, int64_t B, int64_t L) {
  for (int64_t b = 0; lengths && b < B; b++)
    if (lengths.i()[b] < 0 || lengths.i()[b] > L) return false;
  return true;
}

}  // namespace
}  // namespace longconv
