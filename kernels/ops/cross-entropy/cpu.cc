// Cross entropy of class scores; see op.ts for the formula. Memory bound for many classes: forward reads the logits
// (the second pass over a row is in cache), backward reads them and writes their gradient, 8 bytes an element.
// Row losses are summed in float64 in row order. attr: ignoreIndex, smoothing, mean (1) or sum (0).
#include "kernel.h"
#include "simd-math.h"

namespace longconv {
namespace {

/** The rows' targets are classes or ignored. */
bool targets_fit(const Call& c, int64_t C) {
  const int32_t *t = c.in[1].i(), ignore = int32_t(c.attr[0]);
  for (int64_t i = 0, n = c.in[1].size(); i < n; i++)
    if (t[i] != ignore && (t[i] < 0 || t[i] >= C)) return false;
  return true;
}

/** What the sum over the rows is divided by; 0 when no row counts. */
double divisor(const Call& c) {
  const int32_t *t = c.in[1].i(), ignore = int32_t(c.attr[0]);
  const float* w = c.in[2].f();
  double sum = 0, rows = 0;
  for (int64_t i = 0, n = c.in[1].size(); i < n; i++)
    if (t[i] != ignore) sum += w ? w[t[i]] : 1, rows++;
  return c.attr[2] != 0 ? sum : rows > 0 ? 1 : 0;
}

double weight_sum(const Tensor& weights, int64_t C) {
  if (!weights) return double(C);
  double sum = 0;
  for (int64_t i = 0; i < C; i++) sum += weights.f()[i];
  return sum;
}

const char* const kWrong = "cross-entropy: a target is neither a class nor ignored";

const char* forward(const Call& c) {
  const int64_t n = c.in[0].dim[0], C = c.in[0].dim[1];
  if (!targets_fit(c, C)) return kWrong;
  const float *x = c.in[0].f(), *w = c.in[2].f();
  const int32_t *t = c.in[1].i(), ignore = int32_t(c.attr[0]);
  float* lse = c.out[1].f();
  const double e = c.attr[1], share = e / double(C);
  double* loss = static_cast<double*>(scratch(0, 15, (n + 1) * sizeof(double)));
  parallel(n, 1 + 4096 / C, [=](int64_t i, int64_t end, int) {
    for (; i < end; i++) {
      const float* row = x + i * C;
      V top = splat(-__builtin_inff());
      int64_t k = 0;
      for (; k + W <= C; k += W) top = vmax(top, load(row + k));
      float peak = hmax(top);
      for (; k < C; k++) peak = row[k] > peak ? row[k] : peak;
      const V shift = splat(peak);
      V sum = V{}, smooth = V{};  // smooth: sum of w (peak - x)
      for (k = 0; k + W <= C; k += W) {
        const V d = load(row + k) - shift;
        sum += vexp(d);
        smooth = w ? fma(load(w + k), d, smooth) : smooth + d;
      }
      if (k < C) {
        const int m = int(C - k);
        const V d = load_part(row + k, m) - shift;
        sum += first(vexp(d), m);
        smooth += first(w ? d * load_part(w + k, m) : d, m);
      }
      const double log_sum = __builtin_log(double(hsum(sum)));
      lse[i] = float(double(peak) + log_sum);
      loss[i] = 0;
      if (t[i] == ignore) continue;
      const double own = (w ? w[t[i]] : 1) * (double(peak) - double(row[t[i]]) + log_sum);
      loss[i] = (1 - e) * own;
      if (e > 0) loss[i] += share * (weight_sum(Tensor{const_cast<float*>(w), 1, {C}}, C) * log_sum - hsum(smooth));
    }
  });
  double total = 0;
  for (int64_t i = 0; i < n; i++) total += loss[i];
  const double by = divisor(c);
  c.out[0].f()[0] = by > 0 ? float(total / by) : 0;
  return nullptr;
}

const char* backward(const Call& c) {
  if (!c.gin[0]) return nullptr;
  const int64_t n = c.in[0].dim[0], C = c.in[0].dim[1];
  const float *x = c.in[0].f(), *w = c.in[2].f(), *lse = c.out[1].f();
  const int32_t *t = c.in[1].i(), ignore = int32_t(c.attr[0]);
  float* dx = c.gin[0].f();
  const double by = divisor(c), e = c.attr[1], g = c.gout[0] && by > 0 ? c.gout[0].f()[0] / by : 0;
  const double share = e / double(C), total = weight_sum(c.in[2], C);
  parallel(n, 1 + 4096 / C, [=](int64_t i, int64_t end, int) {
    for (; i < end; i++) {
      const float* row = x + i * C;
      float* to = dx + i * C;
      const bool counts = t[i] != ignore;
      const double own = counts ? (1 - e) * (w ? w[t[i]] : 1) : 0;
      // dx = p (own + share total) g - share w g, and - own g at the target
      const V shift = splat(lse[i]), scale = splat(counts ? float(g * (own + share * total)) : 0);
      const V flat = splat(counts ? float(g * share) : 0);
      int64_t k = 0;
      for (; k + W <= C; k += W)
        store(to + k, vexp(load(row + k) - shift) * scale - (w ? flat * load(w + k) : flat));
      if (k < C) {
        const int m = int(C - k);
        store_part(to + k, vexp(load_part(row + k, m) - shift) * scale - (w ? flat * load_part(w + k, m) : flat), m);
      }
      if (counts) to[t[i]] -= float(g * own);
    }
  });
  return nullptr;
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("cross-entropy", "forward", longconv::forward)
LONGCONV_KERNEL("cross-entropy", "backward", longconv::backward)
