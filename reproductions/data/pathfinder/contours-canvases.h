// The canvases of an image that is being made, with the shortcuts of contours.cc: what is taken, and what is drawn.
#pragma once
#include <cstdlib>
#include <cstring>

#include "contours-tables.h"

namespace longconv::pathfinder {

class Canvases {
 public:
  explicit Canvases(const Tables& tables)
      : t_(tables),
        s_(*tables.at<Settings>(0)),
        stride_(s_.stride),
        area_(static_cast<size_t>(s_.stride) * s_.stride),
        memory_(static_cast<uint8_t*>(calloc(kCanvases, area_))) {
    if (!memory_) return;
    uint8_t** canvas[] = {&mask_, &near_, &empty_mask_, &empty_near_, &base_mask_, &base_near_};
    for (int i = 0; i < 6; i++) *canvas[i] = memory_ + i * area_ + static_cast<size_t>(s_.border) * (stride_ + 1);
    for (int i = 0; i < 3; i++) layers_[i] = memory_ + (6 + i) * area_ + static_cast<size_t>(s_.border) * (stride_ + 1);
    for (int32_t y = 0; y < s_.size; y++)
      for (int32_t x = 0; x < s_.size; x++)
        if (y < s_.padding || x < s_.padding || y >= s_.size - s_.padding || x >= s_.size - s_.padding)
          empty_mask_[y * stride_ + x] = 255;
  }
  ~Canvases() { free(memory_); }
  Canvases(const Canvases&) = delete;

  bool ready() const { return memory_ != nullptr; }
  bool inside(int32_t i) const { return i >= 0 && i < s_.size; }
  const uint8_t* mask(int32_t y, int32_t x) const { return mask_ + y * stride_ + x; }
  const uint8_t* near(Point p) const { return near_ + p.y * stride_ + p.x; }
  const uint8_t* const* layers() const { return layers_; }

  /** Tables of a margin; the dilation of the empty mask, whose frame fills everything within the margin of it. */
  void choose(const Margin* margin) {
    m_ = margin;
    memset(canvas(empty_near_), 255, area_);
    // The dilated sprite of any paddle is larger than its mask by the margin on each side.
    const Patch &mask = patch(margin->masks, 0), &wide = patch(margin->dilated, 0);
    const int32_t frame = s_.padding + mask.top - wide.top;
    for (int32_t y = frame; y < s_.size - frame; y++) memset(empty_near_ + y * stride_ + frame, 0, s_.size - 2 * frame);
  }

  /** A new image: nothing is taken. */
  void clear() {
    memcpy(canvas(mask_), canvas(empty_mask_), area_);
    memcpy(canvas(near_), canvas(empty_near_), area_);
  }
  /** Gives back what the target contours have taken. */
  void clear_targets() { settle(mask_, near_, empty_mask_, empty_near_); }

  /** The target contours stand: distractors are tried on top of them. */
  void keep_targets() {
    memcpy(canvas(base_mask_), canvas(empty_mask_), area_);
    memcpy(canvas(base_near_), canvas(empty_near_), area_);
    keep();
    for (int i = 0; i < 3; i++) memset(canvas(layers_[i]), 0, area_);
  }
  /** What has been taken since the last time stays, or is given back. */
  void keep() { settle(base_mask_, base_near_, mask_, near_); }
  void undo() { settle(mask_, near_, base_mask_, base_near_); }

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

 private:
  static constexpr int kCanvases = 9;

  const Patch& patch(int32_t list, int32_t index) const { return t_.at<Patch>(list)[index]; }
  uint8_t* canvas(uint8_t* origin) const { return origin - static_cast<size_t>(s_.border) * (stride_ + 1); }

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

  const Tables t_;
  const Settings& s_;
  const int32_t stride_;
  const size_t area_;
  uint8_t* const memory_;
  const Margin* m_ = nullptr;
  uint8_t *mask_, *near_, *empty_mask_, *empty_near_, *base_mask_, *base_near_, *layers_[3];
  // The box of what has been raised: rows [top, bottom), columns [left, right).
  int32_t top_ = 1 << 20, left_ = 1 << 20, bottom_ = -(1 << 20), right_ = -(1 << 20);
};

}  // namespace longconv::pathfinder
