// Attention over the chunks of a sorted list, and its gradients; formulas in op.ts, the products in attention-tiles.h.
//
// A task is one head of one sequence: it walks the list chunk by chunk with the keys and values of two chunks at hand,
// lanes are queries. What a step sees in a further round is joined to what it saw before as a running softmax, so that
// nothing is kept a round. Backward: probabilities from the saved maximum and sum, which are exact where the maximum is
// the constant score (its log-sum-exp, near -5e4, would have no digits left); gradients of a chunk are added to their
// steps in order of the list. Any number of threads gives the same bits.
//
// Ladder, percent of the FMA peak, one core of AVX-512, length 4K, 4 heads of 64, chunks of 64 in 1 or 4 rounds, other
// work running:
//   rows gathered as the list names them            forward 31, 40; backward 37, 50
//   rows asked for ahead, whole vectors stored      forward 45, 51; backward 52, 56
// attr: chunk, causal, within, scale.
#include "attention-tiles.h"
#include "kernel.h"

namespace longconv {
namespace {

constexpr float kSelf = -5e4f * kLog2e;
constexpr const char* kNoMemory =
    "lsh-attention: no memory is left for the chunks: use a shorter length or fewer threads";

struct Sizes {
  int64_t B, L, h, d, dp, ld, R, chunk;
  bool causal, within;
  float scale;
  explicit Sizes(const Call& c)
      : B(c.in[0].dim[0]), L(c.in[0].dim[1]), h(c.in[0].dim[2]), d(c.in[0].dim[3]), dp(up(d, W)), ld(h * d),
        R(c.in[2].dim[2] / L), chunk(least(int64_t(c.attr[0]), R * L)), causal(c.attr[1] != 0), within(c.attr[2] != 0),
        scale(float(c.attr[3])) {}
};

/** Keys, values, steps and buckets of a chunk; gradients: rows of dp. */
struct Slot {
  float *k, *v, *dk, *dv;
  int32_t *step, *bucket;
  int64_t n;
};

/** a b over d. */
inline float product(const float* a, const float* b, int64_t d) {
  V sum{};
  for (int64_t t = 0; t < d; t += W) {
    const int w = int(least(W, d - t));
    sum = fma(load_part(a + t, w), load_part(b + t, w), sum);
  }
  return hsum(sum);
}

struct Walk {
  const Sizes& z;
  const float *q, *v;  // the head's first vectors, z.ld apart
  const int32_t *order, *bucket;
  int64_t length, count, chunks;
  float *unit, *inverse;  // keys and 1 / max(|q|, 1e-12)
  Slot slots[2];

  Walk(const Sizes& sizes, const Call& c, int64_t head) : z(sizes) {
    q = c.in[0].f() + head / z.h * z.L * z.ld + head % z.h * z.d;
    v = c.in[1].f() + (q - c.in[0].f());
    order = c.in[2].i() + head * z.R * z.L;
    bucket = c.in[3].i() + head * z.R * z.L;
    length = c.in[4] ? most(0, least(c.in[4].i()[head / z.h], z.L)) : z.L;
    count = z.R * length;
    chunks = (count + z.chunk - 1) / z.chunk;
  }

  void make_keys() {
    for (int64_t l = 0; l < length; l++) {
      const double norm = __builtin_sqrt(double(product(q + l * z.ld, q + l * z.ld, z.d)));
      inverse[l] = float(1 / (norm > 1e-12 ? norm : 1e-12));
      for (int64_t t = 0; t < z.d; t++) unit[l * z.d + t] = q[l * z.ld + t] * inverse[l];
    }
  }
  void fill(Slot& s, int64_t c) const {
    s.n = least(z.chunk, count - c * z.chunk);
    constexpr int64_t kAhead = 8;  // rows lie anywhere
    for (int64_t i = 0; i < s.n + kAhead; i++) {
      if (i < s.n) {
        const int32_t entry = order[c * z.chunk + i];
        s.step[i] = int32_t(entry % z.L);
        s.bucket[i] = bucket[entry];
        prefetch_row(unit + s.step[i] * z.d, z.d);
        prefetch_row(v + s.step[i] * z.ld, z.d);
        prefetch_row(q + s.step[i] * z.ld, z.d);
      }
      if (i < kAhead) continue;
      copy_row(unit + s.step[i - kAhead] * z.d, z.d, s.k + (i - kAhead) * z.d);
      copy_row(v + s.step[i - kAhead] * z.ld, z.d, s.v + (i - kAhead) * z.d);
    }
  }
  /** Calls visit(own, before) for every chunk, in order. */
  template <class F>
  void each(F&& visit) {
    if (chunks) fill(slots[1], chunks - 1);
    for (int64_t c = 0; c < chunks; c++) {
      fill(slots[c & 1], c);
      visit(slots[c & 1], slots[(c & 1) ^ 1]);
    }
  }
};

/** A panel of queries of a chunk: their steps, buckets and vectors; lanes from n on see nothing. */
struct Panel {
  int32_t step[kLanes], bucket[kLanes];
  int64_t n, lanes;
  Panel(const Slot& own, int64_t i) : n(least(kLanes, own.n - i)), lanes(up(n, W)) {
    for (int64_t t = 0; t < kLanes; t++) {
      step[t] = t < n ? own.step[i + t] : -1;
      bucket[t] = t < n ? own.bucket[i + t] : -1;
    }
  }
};

/** What the lanes of a vector see: masks instead of branches, all or no bits. */
struct Sight {
  VI step, bucket, any_time, any_bucket;
  Sight(const Sizes& z, const Panel& p, int64_t v)
      : step(loadi(p.step + v)), bucket(loadi(p.bucket + v)), any_time(splati(z.causal ? 0 : -1)),
        any_bucket(splati(z.within ? 0 : -1)) {}
  /** Scores with key j: the constant one, or far below all where the key is hidden. */
  V scores(V s, const Slot& keys, int64_t j) const {
    const VI at = splati(keys.step[j]), group = splati(keys.bucket[j]);
    const VI seen = ((step >= at) | any_time) & ((bucket == group) | any_bucket);
    s = step == at ? splat(kSelf) : s;
    return seen & (step >= VI{}) ? s : splat(kLow);
  }
};
LC_INLINE V unless_hidden(V p, V s) { return as_float(as_int(p) & (s > splat(0.5f * kLow))); }

struct ForwardRoom {
  float *rows, *q, *s, *o;
};

/** One panel of queries of a chunk; joins what it finds to y, top and sum of its steps. */
void forward_panel(const Walk& w, const Panel& p, const Slot& own, const Slot& before, const ForwardRoom& r, float* y,
                   float* top, float* sum) {
  const Sizes& z = w.z;
  for (int64_t i = 0; i < p.n; i++) copy_row(w.q + p.step[i] * z.ld, z.d, r.rows + i * z.d);
  columns(r.rows, z.d, p.n, z.d, z.scale * kLog2e, r.q, kLanes);
  const Slot* slots[2] = {&own, &before};
  float* s = r.s;
  for (const Slot* k : slots) {
    gemm_tile(k->n, p.lanes, z.d, k->k, z.d, 1, r.q, kLanes, s, kLanes, nullptr, false);
    s += k->n * kLanes;
  }
  alignas(64) float largest[kLanes], total[kLanes];
  for (int64_t v = 0; v < p.lanes; v += W) {
    const Sight sight(z, p, v);
    V high = splat(kLow), all{};
    s = r.s + v;
    for (const Slot* k : slots)
      for (int64_t j = 0; j < k->n; j++, s += kLanes) {
        const V x = sight.scores(load(s), *k, j);
        high = vmax(high, x);
        store(s, x);
      }
    s = r.s + v;
    for (int64_t j = 0; j < own.n + before.n; j++, s += kLanes) {
      const V x = load(s), e = unless_hidden(vexp2(x - high), x);
      all += e;
      store(s, e);
    }
    store(largest + v, high);
    store(total + v, all);
  }
  gemm_tile(z.d, p.lanes, own.n, own.v, 1, z.d, r.s, kLanes, r.o, kLanes, nullptr, false);
  gemm_tile(z.d, p.lanes, before.n, before.v, 1, z.d, r.s + own.n * kLanes, kLanes, r.o, kLanes, nullptr, true);
  rows_back(r.o, kLanes, p.n, z.d, 1, r.rows, z.dp);
  for (int64_t i = 0; i < p.n; i++) {
    const int64_t l = p.step[i];
    const float high = sum[l] == 0 || largest[i] > top[l] ? largest[i] : top[l];
    const float old = sum[l] == 0 ? 0 : __builtin_exp2f(top[l] - high), fresh = __builtin_exp2f(largest[i] - high);
    float *row = r.rows + i * z.dp, *to = y + l * z.ld;
    for (int64_t t = 0; t < z.dp; t += W) store(row + t, load(row + t) * splat(fresh));
    if (sum[l] == 0) copy_row(row, z.d, to);
    else add_row(row, z.d, to, old);
    sum[l] = old * sum[l] + fresh * total[i];
    top[l] = high;
  }
}

const char* forward(const Call& c) {
  const Sizes z(c);
  const char* failed = nullptr;
  parallel(z.B * z.h, 1, [&](int64_t head, int64_t end, int thread) {
    const int64_t floats = z.L * (z.d + 1) + 4 * z.chunk * (z.d + 1) + 2 * z.chunk * kLanes + kLanes * (2 * z.d + z.dp);
    Carver room{static_cast<float*>(scratch(thread, 0, size_t(floats + 256) * 4))};
    if (!room.at) return __atomic_store_n(&failed, kNoMemory, __ATOMIC_RELAXED);
    float *unit = room.take(z.L * z.d), *inverse = room.take(z.L);
    Slot slots[2];
    for (Slot& s : slots)
      s = {room.take(z.chunk * z.d), room.take(z.chunk * z.d), nullptr, nullptr,
           reinterpret_cast<int32_t*>(room.take(z.chunk)), reinterpret_cast<int32_t*>(room.take(z.chunk)), 0};
    const ForwardRoom r{room.take(kLanes * z.dp), room.take(kLanes * z.d), room.take(2 * z.chunk * kLanes),
                        room.take(kLanes * z.d)};
    for (; head < end; head++) {
      Walk w(z, c, head);
      w.unit = unit, w.inverse = inverse, w.slots[0] = slots[0], w.slots[1] = slots[1];
      w.make_keys();
      float *y = c.out[0].f() + (w.q - c.in[0].f()), *top = c.out[1].f() + head * z.L, *sum = c.out[2].f() + head * z.L;
      for (int64_t l = 0; l < z.L; l++) {
        __builtin_memset(y + l * z.ld, 0, size_t(z.d) * 4);
        top[l] = sum[l] = 0;
      }
      w.each([&](const Slot& own, const Slot& before) {
        for (int64_t i = 0; i < own.n; i += kLanes) forward_panel(w, Panel(own, i), own, before, r, y, top, sum);
      });
      for (int64_t l = 0; l < w.length; l++)
        for (int64_t t = 0; t < z.d; t++) y[l * z.ld + t] /= sum[l];
    }
  });
  return failed;
}

/** Of a panel: rows (padded to dp), columns and products; of the whole head: gradients by step, rows of dp. */
struct BackwardRoom {
  float *rows, *q, *g, *qt, *gt, *p, *ds, *dqt, *dq, *dk, *dv;
};

void backward_panel(const Walk& w, const Panel& p, Slot& own, Slot& before, const BackwardRoom& r, const float* g,
                    const float* y, const float* top, const float* sum) {
  const Sizes& z = w.z;
  alignas(64) float high[kLanes] = {}, inverse[kLanes] = {}, delta[kLanes] = {};
  for (int64_t i = 0; i < p.n; i++) copy_row(g + p.step[i] * z.ld, z.d, r.rows + i * z.d);
  padded_rows(r.rows, z.d, p.n, z.d, 1, r.g, z.dp, p.lanes);
  columns(r.rows, z.d, p.n, z.d, 1, r.gt, kLanes);
  for (int64_t i = 0; i < p.n; i++) {
    const int64_t l = p.step[i];
    high[i] = top[l], inverse[i] = 1 / sum[l], delta[i] = product(r.rows + i * z.d, y + l * z.ld, z.d);
    copy_row(w.q + l * z.ld, z.d, r.rows + i * z.d);
  }
  padded_rows(r.rows, z.d, p.n, z.d, z.scale, r.q, z.dp, p.lanes);
  columns(r.rows, z.d, p.n, z.d, z.scale * kLog2e, r.qt, kLanes);
  Slot* slots[2] = {&own, &before};
  for (Slot* k : slots) {
    gemm_tile(k->n, p.lanes, z.d, k->k, z.d, 1, r.qt, kLanes, r.p, kLanes, nullptr, false);
    gemm_tile(k->n, p.lanes, z.d, k->v, z.d, 1, r.gt, kLanes, r.ds, kLanes, nullptr, false);
    for (int64_t v = 0; v < p.lanes; v += W) {
      const Sight sight(z, p, v);
      const V h = load(high + v), scale = load(inverse + v), d = load(delta + v);
      for (int64_t j = 0; j < k->n; j++) {
        float *a = r.p + j * kLanes + v, *b = r.ds + j * kLanes + v;
        const V s = sight.scores(load(a), *k, j), prob = unless_hidden(vexp2(s - h) * scale, s);
        const V ds = prob * (load(b) - d);
        store(a, prob);
        store(b, as_float(as_int(ds) & (sight.step != splati(k->step[j]))));
      }
    }
    gemm_tile(k->n, z.dp, p.n, r.p, kLanes, 1, r.g, z.dp, k->dv, z.dp, nullptr, true);
    gemm_tile(k->n, z.dp, p.n, r.ds, kLanes, 1, r.q, z.dp, k->dk, z.dp, nullptr, true);
    gemm_tile(z.d, p.lanes, k->n, k->k, 1, z.d, r.ds, kLanes, r.dqt, kLanes, nullptr, k == &before);
  }
  rows_back(r.dqt, kLanes, p.n, z.d, z.scale, r.rows, z.dp);
  for (int64_t i = 0; i < p.n; i++) add_row(r.rows + i * z.dp, z.d, r.dq + p.step[i] * z.dp);
}

/** dqk = dq + (dk - k (k dk)) / |q|: the key is the unit vector of the query. */
void write_gradients(const Walk& w, const BackwardRoom& r, float* dqk, float* dv) {
  const Sizes& z = w.z;
  for (int64_t l = 0; l < z.L; l++) {
    if (dv) copy_row(r.dv + l * z.dp, z.d, dv + l * z.ld);
    if (!dqk) continue;
    if (l >= w.length) {
      __builtin_memset(dqk + l * z.ld, 0, size_t(z.d) * 4);
      continue;
    }
    const float *k = w.unit + l * z.d, *dk = r.dk + l * z.dp;
    const float along = w.inverse[l] >= 1e12f ? 0 : product(k, dk, z.d);
    for (int64_t t = 0; t < z.d; t++)
      dqk[l * z.ld + t] = r.dq[l * z.dp + t] + (dk[t] - along * k[t]) * w.inverse[l];
  }
}

const char* backward(const Call& c) {
  const Sizes z(c);
  const char* failed = nullptr;
  parallel(z.B * z.h, 1, [&](int64_t head, int64_t end, int thread) {
    const int64_t floats = z.L * (z.d + 1 + 3 * z.dp) + 4 * z.chunk * (z.d + z.dp + 1) + 2 * z.chunk * kLanes +
                           3 * kLanes * (z.d + z.dp);
    Carver room{static_cast<float*>(scratch(thread, 0, size_t(floats + 512) * 4))};
    if (!room.at) return __atomic_store_n(&failed, kNoMemory, __ATOMIC_RELAXED);
    float *unit = room.take(z.L * z.d), *inverse = room.take(z.L);
    Slot slots[2];
    for (Slot& s : slots)
      s = {room.take(z.chunk * z.d),
           room.take(z.chunk * z.d),
           room.take(z.chunk * z.dp),
           room.take(z.chunk * z.dp),
           reinterpret_cast<int32_t*>(room.take(z.chunk)),
           reinterpret_cast<int32_t*>(room.take(z.chunk)),
           0};
    const BackwardRoom r{room.take(kLanes * z.dp), room.take(kLanes * z.dp),    room.take(kLanes * z.dp),
                         room.take(kLanes * z.d),  room.take(kLanes * z.d),     room.take(z.chunk * kLanes),
                         room.take(z.chunk * kLanes), room.take(kLanes * z.d),  room.take(z.L * z.dp),
                         room.take(z.L * z.dp),    room.take(z.L * z.dp)};
    for (; head < end; head++) {
      Walk w(z, c, head);
      w.unit = unit, w.inverse = inverse, w.slots[0] = slots[0], w.slots[1] = slots[1];
      w.make_keys();
      const int64_t at = w.q - c.in[0].f();
      const float *top = c.out[1].f() + head * z.L, *sum = c.out[2].f() + head * z.L, *y = c.out[0].f() + at;
      float* const sums[] = {r.dq, r.dk, r.dv};
      for (float* x : sums) __builtin_memset(x, 0, size_t(z.L * z.dp) * 4);
      if (c.gout[0])
        w.each([&](Slot& own, Slot& before) {
          Slot* const both[] = {&own, &before};
          for (Slot* s : both) {
            __builtin_memset(s->dk, 0, size_t(s->n * z.dp) * 4);
            __builtin_memset(s->dv, 0, size_t(s->n * z.dp) * 4);
          }
          for (int64_t i = 0; i < own.n; i += kLanes)
            backward_panel(w, Panel(own, i), own, before, r, c.gout[0].f() + at, y, top, sum);
          for (Slot* s : both)
            for (int64_t j = 0; j < s->n; j++) {
              add_row(s->dk + j * z.dp, z.d, r.dk + s->step[j] * z.dp);
              add_row(s->dv + j * z.dp, z.d, r.dv + s->step[j] * z.dp);
            }
        });
      write_gradients(w, r, c.gin[0] ? c.gin[0].f() + at : nullptr, c.gin[1] ? c.gin[1].f() + at : nullptr);
    }
  });
  return failed;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("lsh-attention", "forward", longconv::forward)
LONGCONV_KERNEL("lsh-attention", "backward", longconv::backward)
