// y = rows of a table by number, 8 bytes an element. Backward: the places are sorted by id (a counting sort, stable)
// and the sorted list is cut into segments of kSegment places, whatever their ids: a common id does not hold up one
// worker. A segment adds up each of its ids; an id that a segment shares with a neighbour is added to a partial row,
// and those are joined in order. The order of every sum is fixed by the ids alone.
// attr: padding row or -1.
#include "kernel.h"
#include "rows.h"
#include "simd.h"

namespace longconv {
namespace {

const char* check(const Tensor& ids, int64_t V_) {
  const int32_t* id = ids.i();
  const int64_t n = ids.size();
  bool bad = false;
  for (int64_t i = 0; i < n; i++) bad |= uint32_t(id[i]) >= uint32_t(V_);
  return bad ? "embedding: an id is outside the table" : nullptr;
}

LC_INLINE void add_row(float* to, const float* x, int64_t H) {
  for_vectors(H, [=](int64_t h, int64_t left) LC_LOOP { put(to + h, get(to + h, left) + get(x + h, left), left); });
}

LC_INLINE void prefetch_row(const float* x, int64_t H) {
  for (int64_t h = 0; h < H; h += 16) __builtin_prefetch(x + h);
}

const char* forward(const Call& c) {
  const int64_t rows = c.in[0].dim[0], H = c.in[0].dim[1];
  if (const char* wrong = check(c.in[1], rows)) return wrong;
  const float* table = c.in[0].f();
  const int32_t* id = c.in[1].i();
  float* y = c.out[0].f();
  const Sink sink(y, c.out[0].size(), H);
  parallel(c.in[1].size(), 1 + 8192 / (H + 1), [=](int64_t i, int64_t end, int) {
    for (; i < end; i++) sink.copy(y + i * H, table + id[i] * H, H);
    sink.done();
  });
  return nullptr;
}

constexpr int64_t kSegment = 256;

const char* backward(const Call& c) {
  const int64_t rows = c.gin[0].dim[0], H = c.gin[0].dim[1], n = c.in[1].size(), padding = int64_t(c.attr[0]);
  if (const char* wrong = check(c.in[1], rows)) return wrong;
  const int32_t* id = c.in[1].i();
  const float* g = c.gout[0].f();
  float* table = c.gin[0].f();
  const int64_t segments = (n + kSegment - 1) / kSegment;
  int64_t* stop = static_cast<int64_t*>(scratch(0, 15, (rows + 1) * sizeof(int64_t)));
  int64_t* place = static_cast<int64_t*>(scratch(0, 14, (n + 1) * sizeof(int64_t)));
  // Two rows a segment: for an id that began before it, and for one that goes on after it.
  float* partial = static_cast<float*>(scratch(0, 13, (2 * segments * H + 1) * sizeof(float)));
  for (int64_t v = 0; v <= rows; v++) stop[v] = 0;
  for (int64_t i = 0; i < n; i++) stop[id[i] + 1]++;
  for (int64_t v = 0; v < rows; v++) stop[v + 1] += stop[v];
  for (int64_t i = 0; i < n; i++) place[stop[id[i]]++] = i;  // stop[v] is now where v ends
  const auto start = [=](int64_t v) { return v ? stop[v - 1] : 0; };
  parallel(rows, 1 + 8192 / (H + 1), [=](int64_t v, int64_t end, int) {
    for (; v < end; v++)
      if (start(v) == stop[v] || v == padding) __builtin_memset(table + v * H, 0, H * sizeof(float));
  });
  parallel(segments, 1, [=](int64_t s, int64_t last, int) {
    for (; s < last; s++) {
      const int64_t from = s * kSegment, to = from + kSegment < n ? from + kSegment : n;
      for (int64_t k = from; k < to;) {
        const int64_t v = id[place[k]], end = stop[v] < to ? stop[v] : to;
        float* row = start(v) < from ? partial + 2 * s * H : stop[v] > to ? partial + (2 * s + 1) * H : table + v * H;
        if (v == padding) {
          k = end;
          continue;
        }
        __builtin_memcpy(row, g + place[k] * H, H * sizeof(float));
        for (k++; k < end; k++) {
          if (k + 4 < to) prefetch_row(g + place[k + 4] * H, H);
          add_row(row, g + place[k] * H, H);
        }
      }
    }
  });
  parallel(rows, 16, [=](int64_t v, int64_t end, int) {
    for (; v < end; v++) {
      const int64_t first = start(v) / kSegment, last = (stop[v] - 1) / kSegment;
      if (start(v) == stop[v] || v == padding || first == last) continue;
      for (int64_t s = first; s <= last; s++) {
        const float* part = partial + (2 * s + (s == first ? 1 : 0)) * H;
        if (s == first) __builtin_memcpy(table + v * H, part, H * sizeof(float));
        else add_row(table + v * H, part, H);
      }
    }
  });
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("embedding", "forward", longconv::forward)
LONGCONV_KERNEL("embedding", "backward", longconv::backward)
