// Attention within chunks with a bias by relative position, S and A in memory (formulas in op.ts).
// attr: weighting (0 softmax, 1 laplace, 2 relu2), chunk, causal.
//
// Compute bound in two batched products forward and four backward; rows between them are one pass each for laplace and
// relu2, three for softmax. The bias is a vector along diagonals: row i of a chunk reads w from M - 1 - i on. Scores
// are kept for laplace and relu2 (their slope needs them), A for softmax. The gradient of w is summed over 64 rows at
// a time in float32, those sums in float64.
#include "gemm.h"
#include "kernel.h"
#include "pool.h"
#include "rows.h"
#include "simd-math.h"

namespace longconv {
namespace {

using LONGCONV_ISA::Gemm;
using LONGCONV_ISA::gemm;
using LONGCONV_ISA::Operand;

constexpr int64_t kRows = 64;  // rows of one partial sum of w's gradient
constexpr float kCentre = 0.707107f, kInverseWidth = float(1 / 0.282095), kPeak = float(0.3989422804014327 / 0.282095);

enum Weighting { kSoftmax, kLaplace, kRelu2 };

/** `count` chunks of equal shape, one after another. */
struct Segment {
  int64_t query, rows, key, keys, count;
};

struct Sizes {
  int64_t B, Sq, Sk, Z, E, M, c, chunks;
  int weighting;
  bool causal;
  const float* w;
  explicit Sizes(const Call& call)
      : B(call.in[0].dim[0]), Sq(call.in[0].dim[1]), Sk(call.in[1].dim[1]), Z(call.in[0].dim[2]),
        E(call.in[2].dim[2]), M((call.in[3].dim[0] + 1) / 2), weighting(int(call.attr[0])), causal(call.attr[2] != 0),
        w(call.in[3].f()) {
    const int64_t chunk = int64_t(call.attr[1]);
    c = chunk && chunk < Sk ? chunk : Sk;
    chunks = (Sk + c - 1) / c;
  }
  /** First, whole and last chunks of the queries; returns how many segments there are. */
  int segments(Segment* to) const {
    int n = 0;
    const int64_t skipped = Sk - Sq;
    for (int64_t at = skipped; at < Sk;) {
      const int64_t key = at / c * c, end = key + c < Sk ? key + c : Sk;
      const int64_t whole = at == key ? (Sk - key) / c : 0;
      to[n++] = {at - skipped, whole ? c : end - at, key, end - key, whole ? whole : 1};
      at = whole ? key + whole * c : end;
    }
    return n;
  }
  Operand queries(const float* x, const Segment& s, int64_t width) const {
    return {x + s.query * width, width, 1, Sq * width, c * width};
  }
  Operand keys(const float* x, const Segment& s, int64_t width) const {
    return {x + s.key * width, width, 1, Sk * width, c * width};
  }
  Operand matrix(const float* x, const Segment& s) const { return {x + s.query * c, c, 1, Sq * c, c * c}; }
};

/** to (M x N) = a b for every chunk of a segment; `to` is laid out as `like`. */
const char* product(const Sizes& z, const Segment& s, int64_t M, int64_t N, int64_t K, Operand a, Operand b, Operand like) {
  Gemm g{M, N, K, a, b, const_cast<float*>(like.p), like.row};
  g.count0 = z.B, g.count1 = s.count;
  g.c0 = like.batch0, g.c1 = like.batch1;
  return gemm(g);
}

/** Which keys have weight: 1 or 0 for each of (B, Sk), and how many in each chunk. Absent: all. */
struct Mask {
  const float* keep = nullptr;
  const int32_t* real = nullptr;
  Mask(const Sizes& z, const Tensor& hidden) {
    if (!hidden) return;
    float* k = static_cast<float*>(scratch(0, 6, size_t(z.B * z.Sk) * 4));
    int32_t* n = static_cast<int32_t*>(scratch(0, 7, size_t(z.B * z.chunks) * 4));
    const bool each = hidden.rank == 2;
    for (int64_t b = 0; b < z.B; b++)
      for (int64_t i = 0; i < z.chunks; i++) {
        const int64_t from = i * z.c, to = from + z.c < z.Sk ? from + z.c : z.Sk;
        int32_t count = 0;
        for (int64_t j = from; j < to; j++) {
          const bool hide = each ? hidden.i()[b * z.Sk + j] != 0 : j >= hidden.i()[b];
          k[b * z.Sk + j] = hide ? 0 : 1;
          count += !hide;
        }
        n[b * z.chunks + i] = count;
        if (!count && z.weighting == kSoftmax)
          for (int64_t j = from; j < to; j++) k[b * z.Sk + j] = 1;
      }
    keep = k, real = n;
  }
};

/** One query among the keys of its chunk. */
struct Row {
  int64_t keys, seen;  // of the chunk, and those up to the query
  const float *bias, *keep;
  float scale;
  int64_t bias_at;
  Row(const Sizes& z, const Mask& mask, int64_t r) {
    const int64_t b = r / z.Sq, at = z.Sk - z.Sq + r % z.Sq, chunk = at / z.c, first = chunk * z.c, i = at - first;
    keys = first + z.c < z.Sk ? z.c : z.Sk - first;
    seen = z.causal ? i + 1 : keys;
    bias_at = z.M - 1 - i;
    bias = z.w + bias_at;
    keep = mask.keep ? mask.keep + b * z.Sk + first : nullptr;
    if (z.weighting == kSoftmax) {
      scale = float(1 / __builtin_sqrt(double(z.Z)));
    } else {
      const int64_t real = mask.real ? mask.real[b * z.chunks + chunk] : keys;
      scale = float(1 / double(z.causal ? i + 1 : real ? real : 1));
    }
  }
};

/** Scores q k^T, in place, become A. */
void softmax_row(const Row& r, float* p, int64_t width) {
  const float least = -3e38f;
  V top = splat(least);
  const V scale = splat(r.scale);
  for_vectors(r.seen, [&](int64_t j, int64_t left) LC_LOOP {
    V s = fma(get(p + j, left), scale, get(r.bias + j, left));
    if (r.keep) s = get(r.keep + j, left) > V{} ? s : splat(least);
    put(p + j, s, left);
    top = vmax(top, first_or(s, splat(least), left));
  });
  const float max = hmax(top);
  if (!(max > least)) {
    __builtin_memset(p, 0, size_t(width) * 4);
    return;
  }
  V sum{};
  for_vectors(r.seen, [&](int64_t j, int64_t left) LC_LOOP {
    const V s = get(p + j, left), e = s > splat(least) ? vexp(s - splat(max)) : V{};
    put(p + j, e, left);
    sum += first(e, left);
  });
  const V inverse = splat(1 / hsum(sum));
  for_vectors(r.seen, [&](int64_t j, int64_t left) LC_LOOP { put(p + j, get(p + j, left) * inverse, left); });
  __builtin_memset(p + r.seen, 0, size_t(width - r.seen) * 4);
}

template <int F>
LC_INLINE V weigh(V s) {
  if constexpr (F == kLaplace) return vphi((s - splat(kCentre)) * splat(kInverseWidth));
  const V up = vmax(s, V{});
  return up * up;
}
template <int F>
LC_INLINE V slope(V s) {
  if constexpr (F == kLaplace) return normal((s - splat(kCentre)) * splat(kInverseWidth)).bell * splat(kPeak);
  return splat(2) * vmax(s, V{});
}

/** A of final scores; a row is `width` long, zero where a key is not seen. */
template <int F>
void element_row(const Row& r, const float* s, float* a, int64_t width) {
  for_vectors(r.seen, [&](int64_t j, int64_t left) LC_LOOP {
    V x = weigh<F>(get(s + j, left));
    if (r.keep) x *= get(r.keep + j, left);
    put(a + j, x, left);
  });
  __builtin_memset(a + r.seen, 0, size_t(width - r.seen) * 4);
}

/** q k^T, in place, becomes the score. */
void score_row(const Row& r, float* s, int64_t width) {
  const V scale = splat(r.scale);
  for_vectors(r.keys, [&](int64_t j, int64_t left) LC_LOOP {
    put(s + j, fma(get(s + j, left), scale, get(r.bias + j, left)), left);
  });
  __builtin_memset(s + r.keys, 0, size_t(width - r.keys) * 4);
}

/** Every row of A, from finished scores when the weighting is no softmax. */
void weigh_rows(const Sizes& z, const Mask& mask, float* scores, float* A, bool raw) {
  parallel(z.B * z.Sq, 1 + 16384 / z.c, [&](int64_t r, int64_t end, int) {
    for (; r < end; r++) {
      const Row row(z, mask, r);
      float* s = scores + r * z.c;
      if (z.weighting == kSoftmax) {
        softmax_row(row, s, z.c);
        continue;
      }
      if (raw) score_row(row, s, z.c);
      if (z.weighting == kLaplace) element_row<kLaplace>(row, s, A + r * z.c, z.c);
      else element_row<kRelu2>(row, s, A + r * z.c, z.c);
    }
  });
}

const char* kNoMemory = "no memory is left for the matrix of weights: use a smaller chunk or batch";

const char* forward(const Call& call) {
  const Sizes z(call);
  const Mask mask(z, call.in[4]);
  const float *q = call.in[0].f(), *k = call.in[1].f(), *v = call.in[2].f();
  float *o = call.out[0].f(), *scores = call.out[1].f(), *A = scores;
  if (z.weighting != kSoftmax) A = static_cast<float*>(pool_alloc(size_t(z.B * z.Sq * z.c) * 4));
  if (!A) return kNoMemory;
  Segment list[3];
  const int n = z.segments(list);
  const char* err = nullptr;
  for (int i = 0; i < n && !err; i++) {
    const Segment& s = list[i];
    err = product(z, s, s.rows, s.keys, z.Z, z.queries(q, s, z.Z), z.keys(k, s, z.Z).transposed(), z.matrix(scores, s));
  }
  if (!err) weigh_rows(z, mask, scores, A, true);
  for (int i = 0; i < n && !err; i++) {
    const Segment& s = list[i];
    err = product(z, s, s.rows, z.E, s.keys, z.matrix(A, s), z.keys(v, s, z.E), z.queries(o, s, z.E));
  }
  if (A != scores) pool_free(A);
  return err;
}

/** dA, in place, becomes ds; `kept` is A or the scores. */
void slope_row(const Sizes& z, const Row& r, const float* kept, float* d) {
  if (z.weighting == kSoftmax) {
    V dot{};
    for_vectors(r.seen, [&](int64_t j, int64_t left) LC_LOOP { dot = fma(get(kept + j, left), get(d + j, left), dot); });
    const V mean = splat(hsum(dot));
    for_vectors(r.seen, [&](int64_t j, int64_t left) LC_LOOP {
      put(d + j, get(kept + j, left) * (get(d + j, left) - mean), left);
    });
  } else {
    for_vectors(r.seen, [&](int64_t j, int64_t left) LC_LOOP {
      const V s = get(kept + j, left);
      V x = get(d + j, left) * (z.weighting == kLaplace ? slope<kLaplace>(s) : slope<kRelu2>(s));
      if (r.keep) x *= get(r.keep + j, left);
      put(d + j, x, left);
    });
  }
  __builtin_memset(d + r.seen, 0, size_t(z.c - r.seen) * 4);
}

/** dA becomes scale ds, and ds summed along diagonals the gradient of w. */
void slopes(const Sizes& z, const Mask& mask, const float* kept, float* d, float* dw) {
  const int64_t rows = z.B * z.Sq, tasks = (rows + kRows - 1) / kRows, width = 2 * z.c - 1;
  float* sums = dw ? static_cast<float*>(scratch(0, 5, size_t(tasks * width) * 4)) : nullptr;
  parallel(tasks, 1, [&](int64_t task, int64_t end, int) {
    for (; task < end; task++) {
      float* sum = sums + task * width;
      if (sums) __builtin_memset(sum, 0, size_t(width) * 4);
      for (int64_t r = task * kRows; r < (task + 1) * kRows && r < rows; r++) {
        const Row row(z, mask, r);
        float* at = d + r * z.c;
        slope_row(z, row, kept + r * z.c, at);
        float* diagonal = sum + row.bias_at - (z.M - z.c);
        const V scale = splat(row.scale);
        for_vectors(row.seen, [&](int64_t j, int64_t left) LC_LOOP {
          const V x = get(at + j, left);
          if (sums) put(diagonal + j, get(diagonal + j, left) + x, left);
          put(at + j, x * scale, left);
        });
      }
    }
  });
  if (!dw) return;
  __builtin_memset(dw, 0, size_t(2 * z.M - 1) * 4);
  parallel(width, 256, [&](int64_t i, int64_t end, int) {
    for (; i < end; i++) {
      double sum = 0;
      for (int64_t k = 0; k < tasks; k++) sum += double(sums[k * width + i]);
      dw[i + z.M - z.c] = float(sum);
    }
  });
}

const char* backward(const Call& call) {
  const Sizes z(call);
  const Mask mask(z, call.in[4]);
  const float *q = call.in[0].f(), *k = call.in[1].f(), *v = call.in[2].f(), *g = call.gout[0].f();
  float *dq = call.gin[0].f(), *dk = call.gin[1].f(), *dv = call.gin[2].f(), *dw = call.gin[3].f();
  // Keys of chunks before the first query's get nothing.
  Segment list[3];
  const int n = z.segments(list);
  const int64_t unused = g ? list[0].key : z.Sk;
  for (int64_t b = 0; b < z.B; b++) {
    if (dk) __builtin_memset(dk + b * z.Sk * z.Z, 0, size_t(unused * z.Z) * 4);
    if (dv) __builtin_memset(dv + b * z.Sk * z.E, 0, size_t(unused * z.E) * 4);
  }
  if (!g) {
    if (dq) __builtin_memset(dq, 0, size_t(call.gin[0].size()) * 4);
    if (dw) __builtin_memset(dw, 0, size_t(call.gin[3].size()) * 4);
    return nullptr;
  }
  float* d = static_cast<float*>(pool_alloc(size_t(z.B * z.Sq * z.c) * 4));
  if (!d) return kNoMemory;
  float* kept = call.out[1].f();
  const float* A = kept;
  if (dv && z.weighting != kSoftmax) weigh_rows(z, mask, kept, d, false), A = d;
  const char* err = nullptr;
  for (int i = 0; i < n && dv && !err; i++) {
    const Segment& s = list[i];
    err = product(z, s, s.keys, z.E, s.rows, z.matrix(A, s).transposed(), z.queries(g, s, z.E), z.keys(dv, s, z.E));
  }
  if (dq || dk || dw) {
    for (int i = 0; i < n && !err; i++) {
      const Segment& s = list[i];
      err = product(z, s, s.rows, s.keys, z.E, z.queries(g, s, z.E), z.keys(v, s, z.E).transposed(), z.matrix(d, s));
    }
    if (!err) slopes(z, mask, kept, d, dw);
    for (int i = 0; i < n && !err; i++) {
      const Segment& s = list[i];
      if (dq)
        err = product(z, s, s.rows, z.Z, s.keys, z.matrix(d, s), z.keys(k, s, z.Z), z.queries(dq, s, z.Z));
      if (dk && !err)
        err = product(z, s, s.keys, z.Z, s.rows, z.matrix(d, s).transposed(), z.queries(q, s, z.Z), z.keys(dk, s, z.Z));
    }
  }
  pool_free(d);
  return err;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("chunk-attention", "forward", longconv::forward)
LONGCONV_KERNEL("chunk-attention", "backward", longconv::backward)
