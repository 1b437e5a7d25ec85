// What the native generator reads: the structs that tables.ts writes, and the draws of draws.ts.
#pragma once
#include <cstddef>
#include <cstdint>

namespace longconv::pathfinder {

typedef uint8_t Bytes __attribute__((vector_size(16), aligned(1), may_alias));

// The structs that tables.ts writes. Places count elements of the array of whole numbers, or of float64 (`real`).
constexpr int32_t kLayout = 1;
constexpr int kDirections = 360, kLongest = 32;

struct Settings {
  int32_t layout, size, padding, border, stride;
  int32_t contour, distractors, distractor, frame;
  int32_t least_free, paddle_trials, distractor_trials, occupied, disc_reach;
  int32_t margins;
  int32_t discs, around_real, levels_real, margin_list;
};
struct Margin {
  int32_t candidates, offsets, rows, open, weights_real, steps_real, heads_real, pivots_real, seeds;
  int32_t lines, masks, dilated, limits;
};
struct Seed {
  int32_t usable, footprint, pixels, top, bottom, left, right;
};
struct Patch {
  int32_t top, left, rows, columns, vectors, at;
};
struct Point {
  int32_t y, x;
};
struct Placed {
  int32_t direction, y, x;
};
struct Contour {
  Placed paddles[kLongest];
  int count;
  Point origin, tip, pivot;
  int direction;
};

struct Tables {
  const int32_t* integers;
  const double* reals;
  const uint8_t* sprites;

  template <class T>
  const T* at(int32_t place) const {
    return reinterpret_cast<const T*>(integers + place);
  }
};

/** Philox 4x32-10 as draws.ts counts it: (block, 0, sample, attempt 0). */
class Draws {
 public:
  Draws(uint32_t key0, uint32_t key1) : key0_(key0), key1_(key1) {}

  void start(uint32_t sample) { sample_ = sample, block_ = 0, next_ = 4; }

  uint32_t word() {
    if (next_ == 4) refill();
    return words_[next_++];
  }
  double unit() { return word() / 4294967296.0; }
  uint32_t integer(uint32_t below) {
    for (;;) {
      const uint64_t wide = static_cast<uint64_t>(word()) * below;
      const uint32_t low = static_cast<uint32_t>(wide);
      if (low >= below || low >= (uint64_t{1} << 32) % below) return static_cast<uint32_t>(wide >> 32);
    }
  }

 private:
  void refill() {
    uint32_t c0 = static_cast<uint32_t>(block_), c1 = static_cast<uint32_t>(block_ >> 32), c2 = sample_, c3 = 0;
    uint32_t k0 = key0_, k1 = key1_;
    for (int round = 0; round < 10; round++) {
      const uint64_t p0 = static_cast<uint64_t>(c0) * 0xd2511f53u, p1 = static_cast<uint64_t>(c2) * 0xcd9e8d57u;
      c0 = static_cast<uint32_t>(p1 >> 32) ^ c1 ^ k0;
      c2 = static_cast<uint32_t>(p0 >> 32) ^ c3 ^ k1;
      c1 = static_cast<uint32_t>(p1);
      c3 = static_cast<uint32_t>(p0);
      k0 += 0x9e3779b9u, k1 += 0xbb67ae85u;
    }
    words_[0] = c0, words_[1] = c1, words_[2] = c2, words_[3] = c3;
    block_++;
    next_ = 0;
  }

  const uint32_t key0_, key1_;
  uint32_t sample_ = 0, words_[4] = {};
  uint64_t block_ = 0;
  int next_ = 4;
};

inline int32_t least(int32_t a, int32_t b) { return a < b ? a : b; }

}  // namespace longconv::pathfinder
