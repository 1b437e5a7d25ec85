// One image of contours.ts, draw for draw.
#pragma once
#include "contours-canvases.h"
#include "contours-render.h"

namespace longconv::pathfinder {

/** y + d, rounded up. */
inline int32_t up(int32_t y, double d) {
  const double sum = y + d;
  const int32_t whole = static_cast<int32_t>(sum);
  return whole + (whole < sum);
}

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
        canvases_(tables) {
    for (int i = 0; i < 256; i++) room_[i] = 1 - i / 255.0;
  }

  bool ready() const { return canvases_.ready(); }

  /** One image: `pixels` (size, size), its label, (origin, origin, tip, tip) as rows and columns, the attempts. */
  void draw(Draws& draws, uint8_t* pixels, uint8_t* label, int32_t* ends, int32_t* attempts) {
    const uint32_t one_contour = draws.integer(2);
    const Margin* margin = margins_ + draws.integer(static_cast<uint32_t>(s_.margins));
    if (margin != m_) choose(margin);
    canvases_.clear();
    *attempts = 1;
    while (!pair(draws)) {
      canvases_.clear_targets();
      ++*attempts;
    }
    canvases_.take(targets_[1].paddles[s_.contour - 1]);
    canvases_.keep_targets();
    for (int i = 0; i < s_.distractors; i++)
      for (int trial = 0; trial < s_.distractor_trials; trial++) {
        Contour contour;
        contour.count = 0;
        if (distractor(draws, contour)) {
          canvases_.keep();
          canvases_.paint(1, contour);
          break;
        }
        canvases_.undo();
      }
    const uint32_t first = draws.integer(2);
    for (int i = 0; i < 2; i++) canvases_.paint(0, targets_[i]);
    canvases_.mark(targets_[first].origin);
    canvases_.mark(targets_[one_contour ? first : 1 - first].tip);
    render(canvases_.layers(), s_.stride, s_.size, t_.reals + s_.levels_real, pixels);
    *label = static_cast<uint8_t>(one_contour);
    const Point points[] = {targets_[0].origin, targets_[1].origin, targets_[0].tip, targets_[1].tip};
    memcpy(ends, points, sizeof points);
  }

 private:
  bool inside(int32_t i) const { return canvases_.inside(i); }

  void choose(const Margin* margin) {
    m_ = margin;
    offsets_ = t_.at<Point>(margin->offsets);
    rows_ = t_.at<int32_t>(margin->rows);
    seeds_ = t_.at<Seed>(margin->seeds);
    canvases_.choose(margin);
  }

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
    const uint8_t* at = canvases_.near(pivot);
    double weights[kMostCandidates];
    double total = 0;
    for (int32_t i = 0; i < count; i++) {
      const Point& offset = offsets_[open[i]];
      weights[i] = turns[i] * room_[at[offset.y * s_.stride + offset.x]];
      total += weights[i];
    }
    if (total < 1e-4) return false;
    for (int trial = 0; trial < s_.paddle_trials; trial++) {
      double rest = draws.unit() * total;
      int32_t chosen = 0;
      while (chosen < count - 1 && !(weights[chosen] > rest)) rest -= weights[chosen++];
      const int32_t direction = open[chosen];
      const Placed placed = {direction, pivot.y + offsets_[direction].y, pivot.x + offsets_[direction].x};
      if (!canvases_.fits(placed)) continue;
      canvases_.take(contour.paddles[contour.count - 1]);
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
    canvases_.take(contour.paddles[s_.distractor - 1]);
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
        counts -= (Bytes)(*(const Bytes*)canvases_.mask(y, x) < static_cast<uint8_t>(s_.occupied));
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
    const uint8_t* at = canvases_.mask(y, x);
    for (int32_t i = 0; i < seed.pixels; i++)
      if (at[footprint[i]] >= s_.occupied) return false;
    return true;
  }

  static constexpr int kMostCandidates = 128;

  const Tables t_;
  const Settings& s_;
  const Margin* const margins_;
  const double* const around_;
  const Margin* m_ = nullptr;
  const Point* offsets_ = nullptr;
  const int32_t* rows_ = nullptr;
  const Seed* seeds_ = nullptr;
  Canvases canvases_;
  double room_[256];
  Contour targets_[2];
};

}  // namespace longconv::pathfinder
