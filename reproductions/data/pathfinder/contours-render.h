// The last step of an image: three layers of levels become grey values.
#pragma once
#include <cstring>

#include "contours-tables.h"

namespace longconv::pathfinder {

/**
 * The picture of three layers, stretched to 0..255: `levels` (3, 256) is what each layer's bytes stand for; pixels (size,
 * size).
 */
inline void render(const uint8_t* const* layers, int32_t stride, int32_t size, const double* levels, uint8_t* pixels) {
  uint8_t highest[3] = {}, lowest_any = 255;
  for (int32_t y = 0; y < size; y++) {
    Bytes high[3] = {}, low = Bytes{} + 255;
    for (int32_t x = 0; x < size; x += 16) {
      Bytes any = {};
      for (int i = 0; i < 3; i++) {
        const Bytes here = *(const Bytes*)(layers[i] + y * stride + x);
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
          const double v = levels[256 * i + layers[i][y * stride + x]];
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
      for (int i = 0; i < 3; i++) at[i] = layers[i] + y * stride + x;
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

}  // namespace longconv::pathfinder
