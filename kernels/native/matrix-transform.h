// The DFT of composite size as a chain of matrix products (a Monarch transform), or the same chain with other matrices.
//
// Level i has an n_i x n_i complex matrix. A row is two planes, real parts and imaginary parts; at level i it is seen as
// (n_i, rest_i, done_i), done_i = n_1 ... n_{i-1}: the matrix acts on the first axis, the twiddle
// exp(-2 pi i k r / (n_i rest_i)) follows, and the result is laid out as (rest_i, n_i, done_i). So the frequencies come
// out in natural order and no permutation is ever a pass of its own; from the second level on lanes run along done_i.
// At the first level done = 1: lanes run along the output index k instead, the row is the broadcast operand.
//
// A complex product is one real product with the matrix [Re -Im; Im Re], (2n x 2n), through the tiles of gemm.h. Real
// input needs half of it at the first level, and zeros at the end of a row none. `adjoint` is the conjugate transpose,
// level by level backwards: the backward pass, and N times the inverse where the matrices are exact.
//
// `ring`: the twist e^{i pi j / 2N} is folded into the first level's matrix and twiddles, so that the transform
// evaluates modulo t^N - i, where a real row of 2N, t^2N = -1, is a complex row of N (see fft-conv/plan.h).
#pragma once
#include <cstdint>

namespace longconv::LONGCONV_ISA {

constexpr int kMaxLevels = 24;

struct Matrix {
  float *a, *at;  // (2n x 2n) and its transpose
};

struct MatrixLevel {
  int64_t n, rest, done;
  int64_t pitch;   // floats from one of the n rows to the next, in the layout that this level reads
  float* twiddle;  // per r: n real parts, n imaginary parts; null at the last level
  Matrix exact;
};

struct MatrixPlan {
  int64_t N, largest;
  int levels, ring;
  MatrixLevel level[kMaxLevels];
  int64_t room;  // floats that a row needs, in any layout
  float* memory;
};

/** Floats of one Matrix, and where it lies in them. */
int64_t matrix_floats(int64_t n);
Matrix matrix_at(float* memory, int64_t n);
/** Sets entry (k, j) of the complex matrix. */
inline void put_entry(Matrix m, int64_t n, int64_t k, int64_t j, float re, float im) {
  const int64_t d = 2 * n;
  m.a[k * d + j] = m.a[(n + k) * d + n + j] = m.at[j * d + k] = m.at[(n + j) * d + n + k] = re;
  m.a[(n + k) * d + j] = m.at[j * d + n + k] = im;
  m.a[k * d + n + j] = m.at[(n + j) * d + k] = -im;
}

/** The plan of these factors, made on first use; the oldest of many makes room. Null when memory has run out. */
const MatrixPlan* matrix_plan(const double* factors, int levels, int ring);

/** Rows of the first layout that the first `len` elements touch. */
inline int64_t rows_of(const MatrixPlan& p, int64_t len) { return (len + p.level[0].rest - 1) / p.level[0].rest; }
/** `len` elements of a plane to `rows` rows of the first layout, zeros beyond; and back, as far as `len`. */
void enter_plane(const MatrixPlan& p, const float* data, int64_t len, int64_t rows, float* x);
void leave_plane(const MatrixPlan& p, const float* x, int64_t len, float* data);

/** What one thread works in. `m`: the matrices, a level each; `row`: `kept` rows; `chunk`, `spare`: chunk_floats(p). */
struct MatrixDesk {
  Matrix m[kMaxLevels];
  float *chunk, *spare, *row[kMaxLevels + 2];
};
int64_t chunk_floats(const MatrixPlan& p);
/** Opens a thread's desk of `kept` rows, with the exact matrices, in its scratch slots 1 and 2. False: no memory. */
bool open_desk(const MatrixPlan& p, int thread, int kept, MatrixDesk& d);

/**
 * The first `levels` levels. Level i reads d.row[i % kept], the input being in d.row[0]: `rows` rows of it (n_1, and both
 * planes, when `complex`) are not zero. The last level of all writes y, natural order, planes N apart.
 */
void forward_levels(const MatrixPlan& p, const MatrixDesk& d, int levels, int kept, bool complex, int64_t rows,
                    float* y);

/** Gradient of a level's input x from that of its result; `rows` as above, counted over both planes (2 n_1). */
void next_adjoint(const MatrixPlan& p, int i, const MatrixDesk& d, const float* g, float* x);
void first_adjoint(const MatrixPlan& p, const MatrixDesk& d, const float* g, int64_t rows, float* x);
/** All of them, from g in natural order, through rows a and b; returns the one that holds the input's gradient. */
float* adjoint_levels(const MatrixPlan& p, const MatrixDesk& d, const float* g, int64_t rows, float* a, float* b);

/** Gradient of a level's matrix, (2n x 2n), set or added to; at the first level transposed, (rows x 2n). */
void next_gradient(const MatrixPlan& p, int i, const MatrixDesk& d, const float* g, const float* x, float* dA, bool add);
void first_gradient(const MatrixPlan& p, const MatrixDesk& d, const float* g, const float* x, int64_t rows, float* dA,
                    bool add);

}  // namespace longconv::LONGCONV_ISA
