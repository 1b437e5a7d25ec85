// y = rows of a table by number. Backward: the places are sorted by id (a counting sort, stable), then every row of
// the table adds up its own places in order: no two workers write the same row, and the order is fixed.
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
  int64_t h = 0;
  for (; h + W <= H; h += W) store(to + h, load(to + h) + load(x + h));
  if (h < H) store_part(to + h, load_part(to + h, int(H - h)) + load_part(x + h, int(H - h)), int(H - h));
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

const char* backward(const Call& c) {
  const int64_t rows = c.gin[0].dim[0], H = c.gin[0].dim[1], n = c.in[1].size(), padding = int64_t(c.attr[0]);
  if (const char* wrong = check(c.in[1], rows)) return wrong;
  const int32_t* id = c.in[1].i();
  int64_t* start = static_cast<int64_t*>(scratch(0, 15, (rows + 1) * sizeof(int64_t)));
  int64_t* place = static_cast<int64_t*>(scratch(0, 14, (n + 1) * sizeof(int64_t)));
  for (int64_t v = 0; v <= rows; v++) start[v] = 0;
  for (int64_t i = 0; i < n; i++) start[id[i] + 1]++;
  for (int64_t v = 0; v < rows; v++) start[v + 1] += start[v];
  for (int64_t i = 0; i < n; i++) place[start[id[i]]++] = i;  // start[v] is now the end of v
  const float* g = c.gout[0].f();
  float* table = c.gin[0].f();
  parallel(rows, 1, [=](int64_t v, int64_t end, int) {
    for (; v < end; v++) {
      float* row = table + v * H;
      for (int64_t h = 0; h < H; h++) row[h] = 0;
      if (v == padding) continue;
      for (int64_t k = v ? start[v - 1] : 0; k < start[v]; k++) add_row(row, g + place[k] * H, H);
    }
  });
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("embedding", "forward", longconv::forward)
LONGCONV_KERNEL("embedding", "backward", longconv::backward)
