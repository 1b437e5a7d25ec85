// Pathfinder images as contours.ts makes them, byte for byte and draw for draw; that file says what is done and why.
// Here are the shortcuts:
//
// * Every number that needs a sine, a cosine or an arc tangent comes from tables.ts. What is left in float64 (a sum of
//   weights, a product with a draw, the final stretch) is done in the order of the plain code, without contraction.
// * `mask` and `near` (the largest mask level within the margin of a pixel) are kept side by side: a paddle raises
//   both, the second by its own dilated sprite, so that the room around a candidate is one load.
// * Both canvases have a border: the mask's is empty and `near`'s is full, as nothing can be placed out there.
// * Paddles that are too close are found by comparing the mask with the highest level that each pixel allows.
// * A failed attempt gives back only the box of the paddles that it placed.
// * The stretch to 0..255 rises with the level, so each of the three layers goes through a table of 256 bytes and the
//   largest wins.
//
// Milliseconds of one core an image (EPYC with AVX-512, of which the baseline uses SSE2; smallest of twelve runs that
// took turns), at 32, 64, 128 and 256:
//
//     contours.ts under Bun                              1.13   19.1   30.0   17.6
//     the shortcuts above, boxes given back one by one   0.049  1.33   0.94   0.130
//     one box around them all                            0.047  1.31   0.90   0.118
//     free pixels counted 16 at a time                   0.044  1.31   0.90   0.098
//     -O3 (1.9 s to compile instead of 0.7)              0.041  1.26   0.89   0.105   not taken
//     AVX2 (-mavx2)                                      0.048  1.4    0.95   0.12    not taken
//
// What is left is rejection: an image of 64 x 64 takes 4,000 attempts with 8,800 paddles tried, of 128 x 128 360 with
// 4,000, at 150 to 230 ns a paddle, which are in equal parts the weights, the sprites and the rest; three quarters of
// the attempts at 64 end at their first draw. At 256 there are 140 paddles, and it is the canvases, the stretch and
// fresh memory for the result that take the time. Fewer attempts would need other draws than the plain code's.
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "routine.h"

namespace {

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

struct Tables {
  const int32_t* integers;
  const double* reals;
  const uint8_t* sprites;

  template <class T>
  const T* at(int32_t place) const {
    return reinterpret_cast<const T*>(integers + place);
  }
};

/** y + d, rounded up. */
inline int32_t up(int32_t y, double d) {
  const double sum = y + d;
  const int32_t whole = static_cast<int32_t>(sum);
  return whole + (whole < sum);
}

inline int32_t least(int32_t a, int32_t b) { return a < b ? a : b; }

/** Halves to the even neighbour. */
inline int32_t nearest(double x) {
  int32_t floor = static_cast<int32_t>(x);
  floor -= floor > x;
  const double rest = x - floor;
  return floor + (rest > 0.5 || (rest == 0.5 && (floor & 1)));
}

class Generator {
 public:
  explicit Generator(const Tables& tables)
      : t_(tables),
        s_(*tables.at<Settings>(0)),
        margins_(tables.at<Margin>(s_.margin_list)),
        around_(tables.reals + s_.around_real),
        stride_(s_.stride),
        area_(static_cast<size_t>(s_.stride) * s_.stride) {
    memory_ = static_cast<uint8_t*>(calloc(kCanvases, area_));
    if (!memory_) return;
    uint8_t** canvas[] = {&mask_, &near_, &empty_mask_, &empty_near_, &base_mask_, &base_near_};
    for (int i = 0; i < 6; i++) *canvas[i] = memory_ + i * area_ + static_cast<size_t>(s_.border) * (stride_ + 1);
    for (int i = 0; i < 3; i++) layers_[i] = memory_ + (6 + i) * area_ + static_cast<size_t>(s_.border) * (stride_ + 1);
    for (int32_t y = 0; y < s_.size; y++)
      for (int32_t x = 0; x < s_.size; x++)
        if (y < s_.padding || x < s_.padding || y >= s_.size - s_.padding || x >= s_.size - s_.padding)
          empty_mask_[y * stride_ + x] = 255;
    for (int i = 0; i < 256; i++) room_[i] = 1 - i / 255.0;
  }
  ~Generator() { free(memory_); }
  Generator(const Generator&) = delete;

  bool ready() const { return memory_ != nullptr; }

  /** One image: `pixels` (size, size), its label, (origin, origin, tip, tip) as rows and columns, the attempts. */
  void draw(Draws& draws, uint8_t* pixels, uint8_t* label, int32_t* ends, int32_t* attempts) {
    const uint32_t one_contour = draws.integer(2);
    const Margin* margin = margins_ + draws.integer(static_cast<uint32_t>(s_.margins));
    if (margin != m_) choose(margin);
    memcpy(canvas(mask_), canvas(empty_mask_), area_);
    memcpy(canvas(near_), canvas(empty_near_), area_);
    *attempts = 1;
    while (!pair(draws)) {
      undo(empty_mask_, empty_near_);
      ++*attempts;
    }
    take(targets_[1].paddles[s_.contour - 1]);
    memcpy(canvas(base_mask_), canvas(empty_mask_), area_);
    memcpy(canvas(base_near_), canvas(empty_near_), area_);
    keep();
    for (int i = 0; i < 3; i++) memset(canvas(layers_[i]), 0, area_);
    for (int i = 0; i < s_.distractors; i++)
      for (int trial = 0; trial < s_.distractor_trials; trial++) {
        Contour contour;
        contour.count = 0;
        if (distractor(draws, contour)) {
          keep();
          paint(1, contour);
          break;
        }
        undo(base_mask_, base_near_);
      }
    const uint32_t first = draws.integer(2);
    for (int i = 0; i < 2; i++) paint(0, targets_[i]);
    mark(targets_[first].origin);
    mark(targets_[one_contour ? first : 1 - first].tip);
    render(pixels);
    *label = static_cast<uint8_t>(one_contour);
    const Point points[] = {targets_[0].origin, targets_[1].origin, targets_[0].tip, targets_[1].tip};
    memcpy(ends, points, sizeof points);
  }

 private:
  static constexpr int kCanvases = 9;

  uint8_t* canvas(uint8_t* origin) const { return origin - static_cast<size_t>(s_.border) * (stride_ + 1); }
  bool inside(int32_t i) const { return i >= 0 && i < s_.size; }

  /** Tables of a margin; the dilation of the empty mask, whose frame fills everything within the margin of it. */
  void choose(const Margin* margin) {
    m_ = margin;
    offsets_ = t_.at<Point>(margin->offsets);
    rows_ = t_.at<int32_t>(margin->rows);
    seeds_ = t_.at<Seed>(margin->seeds);
    memset(canvas(empty_near_), 255, area_);
    // The dilated sprite of any paddle is larger than its mask by the margin on each side.
    const Patch &mask = patch(margin->masks, 0), &wide = patch(margin->dilated, 0);
    const int32_t frame = s_.padding + mask.top - wide.top;
    for (int32_t y = frame; y < s_.size - frame; y++) memset(empty_near_ + y * stride_ + frame, 0, s_.size - 2 * frame);
  }

  const Patch& patch(int32_t list, int32_t index) const { return t_.at<Patch>(list)[index]; }

  /** The two target contours; false when they got stuck. */
  bool pair(Draws& draws) {
    targets_[0].count = targets_[1].count = 0;
    if (!first_seed(draws, targets_[0]) || !second_seed(draws, targets_[0].origin, targets_[1])) return false;
    for (int i = 1; i < s_.contour; i++)
      if (!extend(draws, targets_[0]) || !extend(draws, targets_[1])) return false;
    return true;
  }

  bool first_seed(Draws& draws, Contour& contour) {
    for (int trial = 0; trial < s_.paddle_trials; trial++) {
      const int32_t index = static_cast<int32_t>(draws.integer(kDirections));
      const Seed& seed = seeds_[index];
      if (!seed.usable) return false;
      const int32_t rows = s_.size - 2 * s_.frame + seed.top - seed.bottom;
      const int32_t columns = s_.size - 2 * s_.frame + seed.left - seed.right;
      if (rows <= 0 || columns <= 0) return false;
      const int32_t y = s_.frame - seed.top + static_cast<int32_t>(draws.integer(static_cast<uint32_t>(rows)));
      const int32_t x = s_.frame - seed.left + static_cast<int32_t>(draws.integer(static_cast<uint32_t>(columns)));
      if (begin(contour, index, y, x)) return true;
    }
    return false;
  }

  bool second_seed(Draws& draws, Point from, Contour& contour) {
    for (int trial = 0; trial < s_.paddle_trials; trial++) {
      const int32_t index = static_cast<int32_t>(draws.integer(kDirections));
      const double* d = around_ + 2 * draws.integer(kDirections);
      if (begin(contour, index, nearest(from.y + d[0]), nearest(from.x + d[1]))) return true;
    }
    return false;
  }

  /** A contour with its first paddle; false when head or pivot lie outside of the image. */
  bool begin(Contour& contour, int32_t index, int32_t y, int32_t x) {
    const double* head = t_.reals + m_->heads_real + 2 * index;
    const double* pivot = t_.reals + m_->pivots_real + 2 * index;
    const Point h = {up(y, head[0]), up(x, head[1])};
    const Point p = {up(h.y, pivot[0]), up(h.x, pivot[1])};
    if (!inside(h.y) || !inside(h.x) || !inside(p.y) || !inside(p.x)) return false;
    contour.direction = m_->candidates + index;
    contour.paddles[0] = {contour.direction, y, x};
    contour.count = 1;
    contour.origin = {y, x};
    contour.tip = h;
    contour.pivot = p;
    return true;
  }

  /** Adds a paddle; false when there is no room. */
  bool extend(Draws& draws, Contour& contour) {
    const double* step = t_.reals + m_->steps_real + 2 * contour.direction;
    const Point pivot = {up(contour.pivot.y, step[0]), up(contour.pivot.x, step[1])};
    const int32_t first = rows_[2 * contour.direction], count = rows_[2 * contour.direction + 1];
    const int32_t* open = t_.at<int32_t>(m_->open) + first;
    const double* turns = t_.reals + m_->weights_real + first;
    const uint8_t* at = near_ + pivot.y * stride_ + pivot.x;
    double weights[kMostCandidates];
    double total = 0;
    for (int32_t i = 0; i < count; i++) {
      const Point& offset = offsets_[open[i]];
      weights[i] = turns[i] * room_[at[offset.y * stride_ + offset.x]];
      total += weights[i];
    }
    if (total < 1e-4) return false;
    for (int trial = 0; trial < s_.paddle_trials; trial++) {
      double rest = draws.unit() * total;
      int32_t chosen = 0;
      while (chosen < count - 1 && !(weights[chosen] > rest)) rest -= weights[chosen++];
      const int32_t direction = open[chosen];
      const Placed placed = {direction, pivot.y + offsets_[direction].y, pivot.x + offsets_[direction].x};
      if (!fits(placed)) continue;
      take(contour.paddles[contour.count - 1]);
      contour.paddles[contour.count++] = placed;
      contour.tip = {placed.y, placed.x};
      contour.pivot = pivot;
      contour.direction = direction;
      return true;
    }
    return false;
  }

  bool distractor(Draws& draws, Contour& contour) {
    if (!free_seed(draws, contour)) return false;
    for (int i = 1; i < s_.distractor; i++)
      if (!extend(draws, contour)) return false;
    take(contour.paddles[s_.distractor - 1]);
    return true;
  }

  bool free_seed(Draws& draws, Contour& contour) {
    if (!has_room()) return false;
    for (int trial = 0; trial < s_.paddle_trials; trial++) {
      const int32_t index = static_cast<int32_t>(draws.integer(kDirections));
      if (!seeds_[index].usable) return false;
      const int32_t at = free_pixel(draws, seeds_[index]);
      if (at < 0) return false;
      if (begin(contour, index, at / s_.size, at % s_.size)) return true;
    }
    return false;
  }

  /** At least `least_free` pixels are free. */
  bool has_room() const {
    int32_t free = 0;
    for (int32_t y = 0; y < s_.size; y++) {
      Bytes counts = {};
      for (int32_t x = 0; x < s_.size; x += 16)
        counts -= (Bytes)(*(const Bytes*)(mask_ + y * stride_ + x) < static_cast<uint8_t>(s_.occupied));
      for (int k = 0; k < 16; k++) free += counts[k];
      if (free >= s_.least_free) return true;
    }
    return false;
  }

  int32_t free_pixel(Draws& draws, const Seed& seed) {
    const int32_t pixels = s_.size * s_.size;
    for (int trial = 0; trial < 200; trial++) {
      const int32_t at = static_cast<int32_t>(draws.integer(static_cast<uint32_t>(pixels)));
      if (is_free(seed, at / s_.size, at % s_.size)) return at;
    }
    int32_t found = 0;
    for (int32_t y = 0; y < s_.size; y++)
      for (int32_t x = 0; x < s_.size; x++) found += is_free(seed, y, x);
    if (!found) return -1;
    int32_t rank = static_cast<int32_t>(draws.integer(static_cast<uint32_t>(found)));
    for (int32_t at = 0;; at++)
      if (is_free(seed, at / s_.size, at % s_.size) && rank-- == 0) return at;
  }

  bool is_free(const Seed& seed, int32_t y, int32_t x) const {
    const int32_t* footprint = t_.at<int32_t>(seed.footprint);
    const uint8_t* at = mask_ + y * stride_ + x;
    for (int32_t i = 0; i < seed.pixels; i++)
      if (at[footprint[i]] >= s_.occupied) return false;
    return true;
  }

  bool fits(const Placed& p) const {
    const Patch& limits = patch(m_->limits, p.direction);
    const uint8_t* from = t_.sprites + limits.at;
    const uint8_t* at = mask_ + (p.y + limits.top) * stride_ + p.x + limits.left;
    Bytes over = {};
    for (int32_t row = 0; row < limits.rows; row++, at += stride_)
      for (int32_t v = 0; v < limits.vectors; v++, from += 16)
        over |= (Bytes)(*(const Bytes*)(at + 16 * v) > *(const Bytes*)from);
    uint64_t halves[2];
    memcpy(halves, &over, sizeof halves);
    return (halves[0] | halves[1]) == 0;
  }

  /** Raises `plane` to the patch, on the border too. */
  void raise(uint8_t* plane, const Patch& p, int32_t y, int32_t x) const {
    const uint8_t* from = t_.sprites + p.at;
    uint8_t* at = plane + (y + p.top) * stride_ + x + p.left;
    for (int32_t row = 0; row < p.rows; row++, at += stride_)
      for (int32_t v = 0; v < p.vectors; v++, from += 16) {
        const Bytes here = *(const Bytes*)(at + 16 * v), there = *(const Bytes*)from;
        *(Bytes*)(at + 16 * v) = here > there ? here : there;
      }
  }

  void take(const Placed& p) {
    const Patch& wide = patch(m_->dilated, p.direction);
    raise(near_, wide, p.y, p.x);
    top_ = least(top_, p.y + wide.top);
    left_ = least(left_, p.x + wide.left);
    bottom_ = -least(-bottom_, -(p.y + wide.top + wide.rows));
    right_ = -least(-right_, -(p.x + wide.left + wide.columns));
    const Patch& mask = patch(m_->masks, p.direction);
    const int32_t top = p.y + mask.top, left = p.x + mask.left;
    if (top >= 0 && left >= 0 && top + mask.rows <= s_.size && left + mask.columns <= s_.size)
      return raise(mask_, mask, p.y, p.x);
    for (int32_t row = 0; row < mask.rows; row++)
      for (int32_t column = 0; column < mask.columns; column++) {
        const uint8_t level = t_.sprites[mask.at + row * 16 * mask.vectors + column];
        if (!inside(top + row) || !inside(left + column)) continue;
        uint8_t& at = mask_[(top + row) * stride_ + left + column];
        if (level > at) at = level;
      }
  }

  /** Copies what has been raised since the last time between two pairs of canvases, in whole vectors. */
  void settle(uint8_t* to_mask, uint8_t* to_near, const uint8_t* mask, const uint8_t* near) {
    for (int32_t y = top_; y < bottom_; y++)
      for (int32_t x = left_; x < right_; x += 16) {
        const int32_t at = y * stride_ + x;
        *(Bytes*)(to_mask + at) = *(const Bytes*)(mask + at);
        *(Bytes*)(to_near + at) = *(const Bytes*)(near + at);
      }
    top_ = left_ = 1 << 20;
    bottom_ = right_ = -(1 << 20);
  }
  void undo(const uint8_t* mask, const uint8_t* near) { settle(mask_, near_, mask, near); }
  void keep() { settle(base_mask_, base_near_, mask_, near_); }

  void paint(int layer, const Contour& contour) {
    for (int i = 0; i < contour.count; i++) {
      const Placed& p = contour.paddles[i];
      raise(layers_[layer], patch(m_->lines, p.direction), p.y, p.x);
    }
  }

  void mark(Point p) {
    const int32_t reach = s_.disc_reach;
    const auto cut = [&](int32_t i) {
      if (i < reach) return i;
      return s_.size - 1 - i < reach ? 2 * reach - (s_.size - 1 - i) : reach;
    };
    raise(layers_[2], patch(s_.discs, cut(p.y) * (2 * reach + 1) + cut(p.x)), p.y, p.x);
  }

  void render(uint8_t* pixels) {
    const double* levels = t_.reals + s_.levels_real;
    const int32_t size = s_.size;
    uint8_t highest[3] = {}, lowest_any = 255;
    for (int32_t y = 0; y < size; y++) {
      Bytes high[3] = {}, low = Bytes{} + 255;
      for (int32_t x = 0; x < size; x += 16) {
        Bytes any = {};
        for (int i = 0; i < 3; i++) {
          const Bytes here = *(const Bytes*)(layers_[i] + y * stride_ + x);
          high[i] = here > high[i] ? here : high[i];
          any |= here;
        }
        low = any < low ? any : low;
      }
      for (int i = 0; i < 3; i++)
        for (int k = 0; k < 16; k++) highest[i] = high[i][k] > highest[i] ? high[i][k] : highest[i];
      for (int k = 0; k < 16; k++) lowest_any = low[k] < lowest_any ? low[k] : lowest_any;
    }
    double high = 0, low = 0;
    for (int i = 0; i < 3; i++) {
      const double value = levels[256 * i + highest[i]];
      high = value > high ? value : high;
    }
    if (lowest_any) {  // no pixel is empty in all three
      low = high;
      for (int32_t y = 0; y < size; y++)
        for (int32_t x = 0; x < size; x++) {
          double value = 0;
          for (int i = 0; i < 3; i++) {
            const double v = levels[256 * i + layers_[i][y * stride_ + x]];
            value = v > value ? v : value;
          }
          low = value < low ? value : low;
        }
    }
    uint8_t grey[3][256];
    const double scale = 255 / (high - low);
    for (int i = 0; i < 3; i++)
      for (int k = 0; k < 256; k++) {
        const double v = (levels[256 * i + k] - low) * scale;
        grey[i][k] = static_cast<uint8_t>((v < 0 ? 0 : v > 255 ? 255 : v) + 0.5);
      }
    for (int32_t y = 0; y < size; y++)
      for (int32_t x = 0; x < size; x += 16) {
        const uint8_t* at[3];
        for (int i = 0; i < 3; i++) at[i] = layers_[i] + y * stride_ + x;
        uint64_t halves[2];
        const Bytes any = *(const Bytes*)at[0] | *(const Bytes*)at[1] | *(const Bytes*)at[2];
        memcpy(halves, &any, sizeof halves);
        uint8_t* to = pixels + y * size + x;
        if (!(halves[0] | halves[1])) {
          memset(to, grey[0][0], 16);
          continue;
        }
        for (int k = 0; k < 16; k++) {
          const uint8_t a = grey[0][at[0][k]], b = grey[1][at[1][k]], c = grey[2][at[2][k]];
          const uint8_t d = a > b ? a : b;
          to[k] = c > d ? c : d;
        }
      }
  }

  static constexpr int kMostCandidates = 128;

  const Tables t_;
  const Settings& s_;
  const Margin* const margins_;
  const double* const around_;
  const int32_t stride_;
  const size_t area_;
  const Margin* m_ = nullptr;
  const Point* offsets_ = nullptr;
  const int32_t* rows_ = nullptr;
  const Seed* seeds_ = nullptr;
  uint8_t *memory_ = nullptr, *mask_, *near_, *empty_mask_, *empty_near_, *base_mask_, *base_near_, *layers_[3];
  double room_[256];
  Contour targets_[2];
  // The box of what has been raised: rows [top, bottom), columns [left, right).
  int32_t top_ = 1 << 20, left_ = 1 << 20, bottom_ = -(1 << 20), right_ = -(1 << 20);
};

/** One call: a range of samples. */
struct Work {
  Tables tables;
  uint32_t key0, key1, start, count;
  uint8_t *pixels, *labels;
  int32_t *ends, *attempts;
  bool done;
  // Of a call that goes on by itself.
  napi_async_work work;
  napi_deferred deferred;
  napi_ref arrays;
};

void execute(napi_env, void* data) {
  Work& w = *static_cast<Work*>(data);
  Generator generator(w.tables);
  if (!generator.ready()) return;
  const size_t area = static_cast<size_t>(w.tables.integers[1]) * w.tables.integers[1];
  Draws draws(w.key0, w.key1);
  for (uint32_t i = 0; i < w.count; i++) {
    draws.start(w.start + i);
    generator.draw(draws, w.pixels + i * area, w.labels + i, w.ends + 8 * i, w.attempts + i);
  }
  w.done = true;
}

constexpr char kNoMemory[] = "pathfinder: there is no memory for the native generator";

void complete(napi_env env, napi_status, void* data) {
  Work* w = static_cast<Work*>(data);
  napi_value value;
  if (w->done) {
    napi_get_undefined(env, &value);
    napi_resolve_deferred(env, w->deferred, value);
  } else {
    napi_value text;
    napi_create_string_utf8(env, kNoMemory, NAPI_AUTO_LENGTH, &text);
    napi_create_error(env, nullptr, text, &value);
    napi_reject_deferred(env, w->deferred, value);
  }
  napi_delete_reference(env, w->arrays);
  napi_delete_async_work(env, w->work);
  delete w;
}

/** Reads the arguments of both routines; false when an error has been thrown. */
bool prepare(napi_env env, napi_callback_info info, Work& w, napi_value* arrays) {
  constexpr size_t kArrays = 7;
  size_t argc = 4;
  napi_value argv[4];
  napi_get_cb_info(env, info, &argc, argv, nullptr, nullptr);
  void* data[kArrays];
  size_t length[kArrays];
  const napi_typedarray_type types[kArrays] = {napi_int32_array, napi_float64_array, napi_uint8_array, napi_uint8_array,
                                               napi_uint8_array, napi_int32_array,   napi_int32_array};
  const auto refuse = [&](const char* what) {
    napi_throw_error(env, nullptr, what);
    return false;
  };
  if (argc != 4) return refuse("pathfinder: four arguments are needed");
  for (uint32_t i = 0; i < kArrays; i++) {
    napi_value array;
    napi_typedarray_type type;
    if (napi_get_element(env, argv[0], i, &array) != napi_ok ||
        napi_get_typedarray_info(env, array, &type, &length[i], &data[i], nullptr, nullptr) != napi_ok ||
        type != types[i])
      return refuse("pathfinder: the arrays are not of the types that they should be");
  }
  double numbers[3];
  for (int i = 0; i < 3; i++)
    if (napi_get_value_double(env, argv[1 + i], &numbers[i]) != napi_ok || !(numbers[i] >= 0) ||
        numbers[i] > 4294967295.0)
      return refuse("pathfinder: key and start are 32-bit numbers");
  const auto* settings = static_cast<const Settings*>(data[0]);
  if (length[0] < sizeof(Settings) / sizeof(int32_t) || settings->layout != kLayout || settings->size % 16 ||
      settings->contour > kLongest || settings->distractor > kLongest)
    return refuse("pathfinder: the tables have another layout than this build reads");
  const size_t count = length[4];
  if (length[3] != count * settings->size * settings->size || length[5] != 8 * count || length[6] != count)
    return refuse("pathfinder: the arrays are not of one number of samples");
  w.tables = {static_cast<const int32_t*>(data[0]), static_cast<const double*>(data[1]),
              static_cast<const uint8_t*>(data[2])};
  w.key0 = static_cast<uint32_t>(numbers[0]), w.key1 = static_cast<uint32_t>(numbers[1]);
  w.start = static_cast<uint32_t>(numbers[2]), w.count = static_cast<uint32_t>(count);
  w.pixels = static_cast<uint8_t*>(data[3]), w.labels = static_cast<uint8_t*>(data[4]);
  w.ends = static_cast<int32_t*>(data[5]), w.attempts = static_cast<int32_t*>(data[6]);
  *arrays = argv[0];
  return true;
}

/**
 * pathfinder([integers, reals, sprites, pixels, labels, ends, attempts], key0, key1, start): fills the last four with
 * the samples from `start` on, as many as `labels` holds, on a thread of the runtime's pool while the caller goes on.
 * Returns a promise; the arrays are its until it settles.
 */
napi_value pathfinder(napi_env env, napi_callback_info info) {
  auto* w = new Work{};
  napi_value arrays, promise, name;
  if (!prepare(env, info, *w, &arrays)) {
    delete w;
    return nullptr;
  }
  napi_create_string_utf8(env, "longconv pathfinder", NAPI_AUTO_LENGTH, &name);
  if (napi_create_reference(env, arrays, 1, &w->arrays) != napi_ok ||
      napi_create_promise(env, &w->deferred, &promise) != napi_ok ||
      napi_create_async_work(env, nullptr, name, execute, complete, w, &w->work) != napi_ok ||
      napi_queue_async_work(env, w->work) != napi_ok) {
    delete w;
    napi_throw_error(env, nullptr, "pathfinder: the work could not be queued");
    return nullptr;
  }
  return promise;
}

/** The same on the caller's thread, and done when it returns. */
napi_value pathfinder_now(napi_env env, napi_callback_info info) {
  Work w{};
  napi_value arrays;
  if (!prepare(env, info, w, &arrays)) return nullptr;
  execute(env, &w);
  if (!w.done) napi_throw_error(env, nullptr, kNoMemory);
  return nullptr;
}

LONGCONV_ROUTINE("pathfinder", pathfinder)
LONGCONV_ROUTINE("pathfinder-now", pathfinder_now)

}  // namespace
