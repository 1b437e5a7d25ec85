// Kernel of a diagonal state space whose modes are shared by all channels (op.ts): K[row,l] = Re sum_n k_n w_n^l,
// row = (c, h), k = W f, w = e^x.
//
// Cost: forward 4 C H N L flops and 4 C H L bytes written, backward twice the flops. Compute bound.
// Strategy: sums over modes (native/mode-sums.h). The unit of work is a span of time of some rows that have the same x:
// the C rows of a channel, or, when there is no step, any of the C H, so that the powers are made once for many rows.
// Growing modes of `softmax`, e^{x (l - (S-1))}, are decaying modes e^{-x} of the time j = S-1-l: their taps are made in
// that order and added backwards, so no power ever exceeds 1 and none is lost to underflow.
// attr: length, scaling, real form, imag form, ceiling, epsilon, span S.
#include "mode-sums.h"
#include "modes.h"

namespace longconv {
namespace {

constexpr int64_t kRows = 16;  // rows of a unit of work

/** The modes that decay forwards in time, or those that do so backwards. */
struct Half {
  int64_t* modes;
  int64_t M, Mp;
  bool reversed;
  int64_t offset;  // its time at the first tap that it makes
};

/** Both halves; their lists of modes follow one another in the scratch of thread 0. */
static void halves(const Parameters& p, Half* out) {
  int64_t* list = static_cast<int64_t*>(scratch(0, 8, size_t(p.N) * sizeof(int64_t)));
  for (int r = 0; r < 2; r++) {
    out[r] = {list, 0, 0, r == 1, r == 1 ? p.span - p.L : 0};
    for (int64_t n = 0; n < p.N; n++)
      if (p.shifted(p.lambda(n)) == (r == 1)) out[r].modes[out[r].M++] = n;
    out[r].Mp = round_up(out[r].M, W);
    list += out[r].M;
  }
}

/** How the work is cut: groups of rows with equal x, chunks of them, spans of time. */
struct Plan {
  int64_t groups, rows, stride, chunks, spans, R;
  explicit Plan(const Parameters& p)
      : groups(p.steps ? p.H : 1), rows(p.steps ? p.C : p.C * p.H), stride(p.steps ? p.H : 1),
        chunks((rows + kRows - 1) / kRows), spans((p.L + kSpan - 1) / kSpan), R(row_length(p.L)) {}
  /** Calls fn(group, first row, end row, first tap, thread); row j of a group is row group + j stride of K. */
  template <class F>
  void each(F&& fn) const {
    parallel(groups * chunks * spans, 1, [&](int64_t task, int64_t end, int thread) {
      const FlushDenormals scope;
      for (; task < end; task++) {
        const int64_t chunk = task / spans % chunks, first = chunk * kRows;
        const int64_t last = first + kRows < rows ? first + kRows : rows;
        fn(task / spans / chunks, first, last, task % spans * kSpan, thread);
      }
    });
  }
};

/** Room for `n` complex numbers in a slot of the thread's scratch. */
static C64* complex_room(int thread, int slot, int64_t n) {
  return static_cast<C64*>(scratch(thread, slot, size_t(n) * sizeof(C64)));
}

/** log w of a half's modes in group h. */
static const C64* logs(const Parameters& p, const Half& half, int64_t h, int thread) {
  C64* log = complex_room(thread, 6, half.M);
  const C64 step = p.step(h);
  for (int64_t i = 0; i < half.M; i++) log[i] = scaled(p.lambda(half.modes[i]), step) * (half.reversed ? -1.0 : 1.0);
  return log;
}

static void half_taps(const Parameters& p, const Plan& plan, const Half& half, bool alone, float* K) {
  plan.each([&](int64_t h, int64_t first, int64_t last, int64_t l0, int thread) {
    const int64_t length = p.L - l0 < kSpan ? p.L - l0 : kSpan, M = half.M;
    const Powers w(logs(p, half, h, thread), M, plan.R, half.offset + l0, thread);
    const TapRoom room(w, plan.R, thread);
    C64 *f = complex_room(thread, 4, 2 * M), *k = f + M;
    const C64 step = p.step(h);
    for (int64_t i = 0; i < M; i++) f[i] = input_factor(p, p.lambda(half.modes[i]), step);
    for (int64_t j = first; j < last; j++) {
      const int64_t row = h + j * plan.stride;
      for (int64_t i = 0; i < M; i++) k[i] = p.w(row, half.modes[i]) * f[i];
      w.begin(k);
      if (!half.reversed) {
        span_taps(w, room, plan.R, length, K + row * p.L + l0);
        continue;
      }
      float* line = static_cast<float*>(scratch(thread, 7, size_t(length) * 4));
      span_taps(w, room, plan.R, length, line);
      float* out = K + (row + 1) * p.L - 1 - l0;
      for (int64_t l = 0; l < length; l++) out[-l] = line[l] + (alone ? 0 : out[-l]);
    }
  });
}

const char* forward(const Call& call) {
  const Parameters p = parameters(call);
  const Plan plan(p);
  Half half[2];
  halves(p, half);
  for (const Half& one : half)
    if (one.M) half_taps(p, plan, one, !half[0].M, call.out[0].f());
  return nullptr;
}

/** s and q of every row, span and mode of a half: sums[(row spans + span) 4 Mp]. */
static void half_sums(const Parameters& p, const Plan& plan, const Half& half, const float* g, double* sums) {
  plan.each([&](int64_t h, int64_t first, int64_t last, int64_t l0, int thread) {
    const int64_t length = p.L - l0 < kSpan ? p.L - l0 : kSpan;
    const Powers w(logs(p, half, h, thread), half.M, plan.R, half.offset + l0, thread);
    const SumRoom room(w, plan.R, thread);
    for (int64_t j = first; j < last; j++) {
      const int64_t row = h + j * plan.stride;
      const float* taps = g + row * p.L + l0;
      if (half.reversed) {
        float* line = static_cast<float*>(scratch(thread, 7, size_t(length) * 4));
        const float* end = g + (row + 1) * p.L - 1 - l0;
        for (int64_t l = 0; l < length; l++) line[l] = end[-l];
        taps = line;
      }
      span_sums(w, room, plan.R, taps, half.offset + l0, length, sums + (row * plan.spans + l0 / kSpan) * 4 * half.Mp);
    }
  });
}

/** conj(s) and conj(q) of a row and a half's i-th mode, over all spans and in forward time. */
static inline void total(const Parameters& p, const Plan& plan, const Half& half, const double* sums, int64_t row,
                         int64_t i, C64& s, C64& q) {
  double t[4] = {0, 0, 0, 0};
  for (int64_t span = 0; span < plan.spans; span++)
    for (int j = 0; j < 4; j++) t[j] += sums[((row * plan.spans + span) * 4 + j) * half.Mp + i];
  s = {t[0], -t[1]}, q = {t[2], -t[3]};
  if (half.reversed) q = s * double(p.span - 1) - q;
}

const char* backward(const Call& call) {
  const Parameters p = parameters(call);
  const Plan plan(p);
  const Tensor &g_step = call.gin[0], &g_re = call.gin[1], &g_im = call.gin[2], &g_W = call.gin[3];
  Half half[2];
  halves(p, half);
  const int64_t first_sums = p.C * p.H * plan.spans * 4 * half[0].Mp;
  const int64_t all_sums = first_sums + p.C * p.H * plan.spans * 4 * half[1].Mp;
  double* sums = static_cast<double*>(scratch(0, 5, size_t(all_sums) * sizeof(double)));
  C64* by_step = complex_room(0, 9, plan.groups * p.N);
  for (const Half& one : half)
    if (one.M) half_sums(p, plan, one, call.gout[0].f(), sums + (one.reversed ? first_sums : 0));
  // A mode's gradient is the sum over the channels: one task per mode, channels in order.
  parallel(p.N, 1, [&](int64_t task, int64_t end, int) {
    for (; task < end; task++) {
      const Half& mine = half[task >= half[0].M];
      const int64_t i = task - (mine.reversed ? half[0].M : 0), n = mine.modes[i];
      const double* own = sums + (mine.reversed ? first_sums : 0);
      const C64 lambda = p.lambda(n);
      C64 g_lambda = {0, 0};
      for (int64_t h = 0; h < plan.groups; h++) {
        const C64 step = p.step(h), f = input_factor(p, lambda, step);
        C64 g_f = {0, 0}, g_x = {0, 0}, part;
        for (int64_t j = 0; j < plan.rows; j++) {
          const int64_t row = h + j * plan.stride;
          C64 s, q;
          total(p, plan, mine, own, row, i, s, q);
          const C64 weight = p.w(row, n);
          g_f = g_f + conj(weight) * s;
          g_x = g_x + conj(weight * f) * q;
          if (g_W) {
            const C64 G = conj(f) * s;
            float* out = g_W.f() + 2 * (row * p.N + n);
            out[0] = float(G.re), out[1] = float(G.im);
          }
        }
        pull_mode(p, lambda, step, g_x, g_f, part, by_step[h * p.N + n]);
        g_lambda = g_lambda + part;
      }
      const double slope = p.real == kNegativeExp ? lambda.re : double(p.re[n]) <= p.ceiling;
      if (g_re) g_re.f()[n] = float(slope * g_lambda.re);
      if (g_im) g_im.f()[n] = float((p.imag ? lambda.im : 1) * g_lambda.im);
    }
  });
  if (g_step)
    for (int64_t h = 0; h < p.H; h++) {
      C64 sum = {0, 0};
      for (int64_t n = 0; n < p.N; n++) sum = sum + by_step[h * p.N + n];
      const C64 G = scaled(sum, p.step(h));
      float* out = g_step.f() + h * p.steps;
      if (p.steps == 2) out[0] = float(G.re), out[1] = float(G.im);
      else out[0] = float(G.re + G.im);
    }
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("dss-kernel", "forward", longconv::forward)
LONGCONV_KERNEL("dss-kernel", "backward", longconv::backward)
