// T(x; n_1 ... n_p) of every row and its gradients: levels of matrix products (native/matrix-transform.h).
// attr: number of factors, the factors, offsets of their matrices in `blocks`.
//
// Executed 8 N (n_1 + ... + n_p) FLOPs a complex row, half of that at the first level for a real one, where zeros at
// the end cost nothing; the FFT's count is 5 N log2 N. The backward pass runs the levels again and keeps every level's
// input, a few hundred kilobytes a thread. Gradients of the matrices are summed over fixed groups of rows, then added
// in order: they do not depend on the number of threads.
#include "kernel.h"
#include "matrix-transform.h"
#include "pool.h"

namespace longconv {
namespace {

using namespace LONGCONV_ISA;

constexpr int64_t kGroups = 32;  // of rows, when all channels share the matrices

struct Rows {
  int64_t B, H, L, Lt, heads, S;
  bool complex;
  const float *x, *tail, *blocks, *g;
  float *y, *gx, *gtail, *gblocks;
  const MatrixPlan* p;
  const double *factors, *offsets;
  int64_t squares;  // 4 n^2 of all levels

  int64_t rows() const { return B * H; }
  int64_t groups() const { return heads > 1 ? H : rows() < kGroups ? rows() : kGroups; }
  /** Rows of the first level's matrix product. */
  int64_t used() const { return complex || Lt ? p->level[0].n : rows_of(*p, L); }
};

Rows read(const Call& c, bool backward) {
  const Tensor &x = c.in[0], &blocks = c.in[2];
  Rows r{};
  r.B = x.dim[0], r.H = x.dim[1], r.complex = x.rank == 4, r.L = x.dim[x.rank - 1];
  r.Lt = c.in[1] ? c.in[1].dim[2] : 0;
  r.heads = blocks ? blocks.dim[0] : 1, r.S = blocks ? blocks.dim[1] : 0;
  r.x = x.f(), r.tail = c.in[1].f(), r.blocks = blocks.f();
  if (backward) r.g = c.gout[0].f(), r.gx = c.gin[0].f(), r.gtail = c.gin[1].f(), r.gblocks = c.gin[2].f();
  else r.y = c.out[0].f();
  const int levels = int(c.attr[0]);
  r.factors = c.attr + 1, r.offsets = c.attr + 1 + levels;
  r.p = matrix_plan(r.factors, levels, 0);
  for (int i = 0; i < levels; i++) r.squares += 4 * int64_t(r.factors[i]) * int64_t(r.factors[i]);
  return r;
}

const char* const full = "butterfly-transform: no memory is left: choose a shorter length or smaller factors";

/** A thread's desk with the matrices of a head; rows `kept` and kept + 1 are for the way back. */
struct Desk : MatrixDesk {
  bool open(const Rows& r, int thread, int kept) {
    const MatrixPlan& p = *r.p;
    if (!open_desk(p, thread, kept + 2, *this)) return false;
    if (!r.blocks) return true;
    int64_t matrices = 0;
    for (int i = 0; i < p.levels; i++) matrices += matrix_floats(p.level[i].n);
    float* at = static_cast<float*>(scratch(thread, 0, size_t(matrices) * 4));
    for (int i = 0; i < p.levels && at; i++) {
      m[i] = matrix_at(at, p.level[i].n);
      at += matrix_floats(p.level[i].n);
    }
    return at != nullptr;
  }

  void load_head(const Rows& r, int64_t head) {
    for (int i = 0; i < r.p->levels && r.blocks; i++) {
      const int64_t n = r.p->level[i].n;
      const float* z = r.blocks + 2 * (head * r.S + int64_t(r.offsets[i]));
      for (int64_t k = 0; k < n; k++)
        for (int64_t j = 0; j < n; j++, z += 2) put_entry(m[i], n, k, j, z[0], z[1]);
    }
  }
};

/** Row `at` of the input in the first level's layout. */
void enter(const Rows& r, int64_t at, float* x) {
  const MatrixPlan& p = *r.p;
  const MatrixLevel& v = p.level[0];
  const int64_t planes = r.complex ? 2 : 1;
  for (int64_t s = 0; s < planes; s++)
    enter_plane(p, r.x + (at * planes + s) * r.L, r.L, r.used(), x + s * v.n * v.pitch);
  for (int64_t j = 0; j < r.Lt; j++) {
    const int64_t e = p.N - 1 - j;
    x[e / v.rest * v.pitch + e % v.rest] = r.tail[at * r.Lt + j];
  }
}

/** The rows of a group: of one channel, or a stretch of all. */
struct Group {
  int64_t first, count, step, head;
  Group(const Rows& r, int64_t g) {
    if (r.heads > 1) first = g, count = r.B, step = r.H, head = g;
    else {
      first = g * r.rows() / r.groups(), count = (g + 1) * r.rows() / r.groups() - first;
      step = 1, head = 0;
    }
  }
};

const char* forward(const Call& c) {
  const Rows r = read(c, false);
  if (!r.p) return full;
  const char* failed = nullptr;
  parallel(r.groups(), 1, [&](int64_t g, int64_t end, int thread) {
    Desk d;
    if (!d.open(r, thread, 0)) return __atomic_store_n(&failed, full, __ATOMIC_RELAXED);
    for (; g < end; g++) {
      const Group group(r, g);
      d.load_head(r, group.head);
      for (int64_t i = 0; i < group.count; i++) {
        const int64_t at = group.first + i * group.step;
        enter(r, at, d.row[0]);
        forward_levels(*r.p, d, r.p->levels, 2, r.complex, r.used(), r.y + at * 2 * r.p->N);
      }
    }
  });
  return failed;
}

/** The complex gradient of each matrix from the groups' real ones, (2n x 2n), in order. */
void add_groups(const Rows& r, const float* partial) {
  const int64_t groups = r.groups(), per = r.heads > 1 ? 1 : groups;
  __builtin_memset(r.gblocks, 0, size_t(2 * r.heads * r.S) * 4);
  for (int64_t head = 0; head < r.heads; head++) {
    const float* from = partial + head * per * r.squares;
    int64_t at = 0;
    for (int i = 0; i < r.p->levels; i++) {
      const int64_t n = r.p->level[i].n, d = 2 * n, rows = i == 0 && !r.complex ? r.used() : d;
      float* z = r.gblocks + 2 * (head * r.S + int64_t(r.offsets[i]));
      for (int64_t k = 0; k < n; k++)
        for (int64_t j = 0; j < n; j++) {
          double re = 0, im = 0;
          for (int64_t q = 0; q < per; q++) {
            const float* A = from + q * r.squares + at;
            // The first level's is transposed, and a real row has no imaginary part.
            if (i == 0) {
              if (j < rows) re += A[j * d + k], im += A[j * d + n + k];
              if (n + j < rows) re += A[(n + j) * d + n + k], im -= A[(n + j) * d + k];
            } else {
              re += double(A[k * d + j]) + double(A[(n + k) * d + n + j]);
              im += double(A[(n + k) * d + j]) - double(A[k * d + n + j]);
            }
          }
          z[2 * (k * n + j)] += float(re), z[2 * (k * n + j) + 1] += float(im);
        }
      at += 4 * n * n;
    }
  }
}

/** Gradients of the input's row `at` from the first level's layout. */
void leave(const Rows& r, int64_t at, const float* x) {
  const MatrixPlan& p = *r.p;
  const MatrixLevel& v = p.level[0];
  const int64_t planes = r.complex ? 2 : 1;
  for (int64_t s = 0; s < planes && r.gx; s++)
    leave_plane(p, x + s * v.n * v.pitch, r.L, r.gx + (at * planes + s) * r.L);
  for (int64_t j = 0; j < r.Lt && r.gtail; j++) {
    const int64_t e = p.N - 1 - j;
    r.gtail[at * r.Lt + j] = x[e / v.rest * v.pitch + e % v.rest];
  }
}

/** dA: the sums of the group, set by its first row; or null. */
void backward_row(const Rows& r, Desk& d, int64_t at, float* dA, bool add) {
  const MatrixPlan& p = *r.p;
  const int kept = dA ? p.levels : 0;
  const bool input = r.gx || r.gtail;
  const int64_t stacked = r.complex ? 2 * p.level[0].n : r.used();
  const float* g = r.g + at * 2 * p.N;
  float *a = d.row[kept], *b = d.row[kept + 1];
  if (dA) {
    enter(r, at, d.row[0]);
    forward_levels(p, d, p.levels - 1, kept, r.complex, r.used(), nullptr);
    int64_t offset = r.squares;
    for (int i = p.levels - 1; i > 0; i--) {
      offset -= 4 * p.level[i].n * p.level[i].n;
      next_gradient(p, i, d, g, d.row[i], dA + offset, add);
      next_adjoint(p, i, d, g, a);
      g = a, a = b, b = const_cast<float*>(g);
    }
    first_gradient(p, d, g, d.row[0], stacked, dA, add);
    if (!input) return;
    first_adjoint(p, d, g, stacked, a);
    return leave(r, at, a);
  }
  leave(r, at, adjoint_levels(p, d, g, stacked, a, b));
}

const char* backward(const Call& c) {
  const Rows r = read(c, true);
  if (!r.p) return full;
  const int64_t groups = r.groups();
  float* partial = nullptr;
  if (r.gblocks) {
    partial = static_cast<float*>(pool_alloc(size_t(groups * r.squares) * 4));
    if (!partial) return full;
  }
  const char* failed = nullptr;
  parallel(groups, 1, [&](int64_t g, int64_t end, int thread) {
    Desk d;
    if (!d.open(r, thread, r.gblocks ? r.p->levels : 0)) return __atomic_store_n(&failed, full, __ATOMIC_RELAXED);
    for (; g < end; g++) {
      const Group group(r, g);
      d.load_head(r, group.head);
      for (int64_t i = 0; i < group.count; i++)
        backward_row(r, d, group.first + i * group.step, partial ? partial + g * r.squares : nullptr, i > 0);
    }
  });
  if (partial && !failed) add_groups(r, partial);
  pool_free(partial);
  return failed;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("butterfly-transform", "forward", longconv::forward)
LONGCONV_KERNEL("butterfly-transform", "backward", longconv::backward)
