// S5's state space, discretised (op.ts): S steps in float64 and one pass over B and C. Negligible beside the products
// that use it (S H numbers once, against B L S H multiply-adds); bandwidth bound, 8 S H (1 + sides) bytes each way.
// attr: discretisation, pairs, clip, rescale, sides.
#include "../s4d-kernel/modes.h"
#include "threads.h"

namespace longconv {
namespace {

struct System {
  const float *re, *im, *log_step;
  int disc, sides;
  float k;
  bool clip;
  double rescale;
  bool held(int64_t s) const { return clip && double(re[s]) > -1e-4; }
  C64 A(int64_t s) const { return {held(s) ? -1e-4 : double(re[s]), double(im[s])}; }
  double delta(int64_t s) const { return rescale * exp(double(log_step[s])); }
};

static System system_of(const Call& c) {
  return {c.in[0].f(),       c.in[1].f(),    c.in[2].f(), int(c.attr[0]), int(c.attr[4]), c.attr[1] != 0 ? 2.0f : 1.0f,
          c.attr[2] != 0, c.attr[3]};
}

/** Between the pairs of C's row h, side d, and the halves of the output map's row: forward, or the gradient back. */
template <bool Back>
static void output_row(float* map, float* pairs, int64_t S, float k) {
  for (int64_t s = 0; s < S; s++)
    if (Back)
      pairs[2 * s] = map ? k * map[s] : 0, pairs[2 * s + 1] = map ? -k * map[S + s] : 0;
    else
      map[s] = k * pairs[2 * s], map[S + s] = -k * pairs[2 * s + 1];
}

template <bool Back>
static void output_map(float* map, const Tensor& C, const Tensor& C2, bool apart, int64_t H, int64_t S, int sides, float k) {
  parallel(H, 16, [&](int64_t h, int64_t end, int) {
    for (; h < end; h++)
      for (int d = 0; d < sides; d++) {
        const Tensor& from = apart && d == 1 ? C2 : C;
        if (!from) continue;
        float* pairs = from.f() + 2 * S * (apart ? h : h * sides + d);
        output_row<Back>(map ? map + (h * sides + d) * 2 * S : nullptr, pairs, S, k);
      }
  });
}

const char* forward(const Call& call) {
  const System p = system_of(call);
  const Tensor& B = call.in[3];
  const int64_t S = B.dim[0], H = B.dim[1];
  float *log_re = call.out[0].f(), *log_im = call.out[1].f(), *input = call.out[2].f();
  parallel(S, 16, [&](int64_t s, int64_t end, int) {
    for (; s < end; s++) {
      const C64 A = p.A(s), log = log_step(p.disc, A * p.delta(s)), f = input_factor(p.disc, A, p.delta(s), 1);
      log_re[s] = float(log.re), log_im[s] = float(log.im);
      const float fr = float(f.re), fi = float(f.im);
      const float* b = B.f() + 2 * s * H;
      for (int64_t h = 0; h < H; h++) {
        input[s * H + h] = fr * b[2 * h] - fi * b[2 * h + 1];
        input[(S + s) * H + h] = fr * b[2 * h + 1] + fi * b[2 * h];
      }
    }
  });
  output_map<false>(call.out[3].f(), call.in[4], call.in[5], bool(call.in[5]), H, S, p.sides, p.k);
  return nullptr;
}

const char* backward(const Call& call) {
  const System p = system_of(call);
  const Tensor& B = call.in[3];
  const Tensor &g_re = call.gin[0], &g_im = call.gin[1], &g_step = call.gin[2], &g_B = call.gin[3];
  const Tensor &g_C = call.gin[4], &g_C2 = call.gin[5];
  const float *log_re = call.gout[0].f(), *log_im = call.gout[1].f(), *input = call.gout[2].f();
  const int64_t S = B.dim[0], H = B.dim[1];
  parallel(S, 16, [&](int64_t s, int64_t end, int) {
    for (; s < end; s++) {
      const C64 A = p.A(s), f = input_factor(p.disc, A, p.delta(s), 1);
      const C64 g_log = {log_re ? double(log_re[s]) : 0, log_im ? double(log_im[s]) : 0};
      const float fr = float(f.re), fi = float(f.im);
      const float *b = B.f() + 2 * s * H, *gr = input + s * H, *gi = input + (S + s) * H;
      float* to = g_B ? g_B.f() + 2 * s * H : nullptr;
      double re = 0, im = 0;
      for (int64_t h = 0; h < H; h++) {
        const float x = input ? gr[h] : 0, y = input ? gi[h] : 0;
        re += double(b[2 * h]) * double(x) + double(b[2 * h + 1]) * double(y);
        im += double(b[2 * h]) * double(y) - double(b[2 * h + 1]) * double(x);
        if (to) to[2 * h] = fr * x + fi * y, to[2 * h + 1] = fr * y - fi * x;
      }
      C64 g_A;
      double g_delta;
      pull_step(p.disc, A, p.delta(s), 1, g_log, C64{re, im}, g_A, g_delta);
      if (g_re) g_re.f()[s] = p.held(s) ? 0 : float(g_A.re);
      if (g_im) g_im.f()[s] = float(g_A.im);
      if (g_step) g_step.f()[s] = float(p.delta(s) * g_delta);
    }
  });
  // Whether the sides are stored apart shows in the gradients that are asked for, or in the width of C's.
  const bool apart = bool(g_C2) || (g_C && p.sides == 2 && g_C.dim[1] == S);
  output_map<true>(call.gout[3].f(), g_C, g_C2, apart, H, S, p.sides, p.k);
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("s5-system", "forward", longconv::forward)
LONGCONV_KERNEL("s5-system", "backward", longconv::backward)
