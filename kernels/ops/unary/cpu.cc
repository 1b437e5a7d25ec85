// y = f(x) and dx = f'(x) g, element-wise. Memory bound when written well: 8 bytes forward, 12 backward an element.
// attr: function index (order of op.ts), alpha, beta.
#include "kernel.h"
#include "rows.h"
#include "simd-math.h"

namespace longconv {
namespace {

enum Fn { kGelu, kGeluTanh, kSilu, kSigmoid, kTanh, kRelu, kExp, kSquare, kSin, kScale };

constexpr float kC = 0.7978845608028654f, kCubic = 0.044715f;

/** (1 + tanh u) / 2 = sigmoid(2 u), which keeps its relative accuracy in the left tail; this is 2 u. */
LC_INLINE V gelu_tanh_argument(V x) { return splat(2 * kC) * fma(splat(kCubic) * x * x, x, x); }

template <int F>
LC_INLINE V value(V x, V alpha, V beta) {
  if constexpr (F == kGelu) return x * vphi(x);
  if constexpr (F == kGeluTanh) return x * vsigmoid(gelu_tanh_argument(x));
  if constexpr (F == kSilu) return x * vsigmoid(x);
  if constexpr (F == kSigmoid) return vsigmoid(x);
  if constexpr (F == kTanh) return vtanh(x);
  if constexpr (F == kRelu) return vmax(x, V{});
  if constexpr (F == kExp) return vexp(x);
  if constexpr (F == kSquare) return x * x;
  if constexpr (F == kSin) return vsin(x);
  return fma(alpha, x, beta);
}

// s is the saved tensor: the input or the output, as op.ts says.
template <int F>
LC_INLINE V slope(V s, V alpha) {
  const V one = splat(1);
  if constexpr (F == kGelu) {
    const Normal n = normal(s);
    return fma(s * splat(0.3989422804014327f), n.bell, n.phi);
  }
  if constexpr (F == kGeluTanh) {
    const V y = vsigmoid(gelu_tanh_argument(s));
    return fma(s * splat(2 * kC) * fma(splat(3 * kCubic), s * s, one), y * (one - y), y);
  }
  if constexpr (F == kSilu) {
    V y = vsigmoid(s);
    return y * fma(s, one - y, one);
  }
  if constexpr (F == kSigmoid) return s * (one - s);
  if constexpr (F == kTanh) return one - s * s;
  if constexpr (F == kRelu) return s > V{} ? one : V{};
  if constexpr (F == kExp) return s;
  if constexpr (F == kSquare) return s + s;
  if constexpr (F == kSin) return vcos(s);
  return alpha;
}

constexpr int64_t kGrain = 1 << 14;

template <int F>
const char* run_forward(const Call& c) {
  const float* x = c.in[0].f();
  float* y = c.out[0].f();
  const V a = splat(float(c.attr[1])), b = splat(float(c.attr[2]));
  const Sink sink(y, c.in[0].size());
  parallel(c.in[0].size(), kGrain, [=](int64_t begin, int64_t end, int) {
    for_vectors(end - begin, [=](int64_t i, int64_t left) LC_LOOP {
      sink.put(y + begin + i, value<F>(get(x + begin + i, left), a, b), left);
    });
    sink.done();
  });
  return nullptr;
}

template <int F>
const char* run_backward(const Call& c) {
  const float* g = c.gout[0].f();
  const float* s = c.in[0] ? c.in[0].f() : c.out[0] ? c.out[0].f() : g;
  float* dx = c.gin[0].f();
  const V a = splat(float(c.attr[1]));
  const Sink sink(dx, c.gin[0].size());
  parallel(c.gin[0].size(), kGrain, [=](int64_t begin, int64_t end, int) {
    for_vectors(end - begin, [=](int64_t i, int64_t left) LC_LOOP {
      sink.put(dx + begin + i, get(g + begin + i, left) * slope<F>(get(s + begin + i, left), a), left);
    });
    sink.done();
  });
  return nullptr;
}

const char* forward(const Call& c) {
  static constexpr KernelFn table[] = {run_forward<0>, run_forward<1>, run_forward<2>, run_forward<3>, run_forward<4>,
                                       run_forward<5>, run_forward<6>, run_forward<7>, run_forward<8>, run_forward<9>};
  return table[int(c.attr[0])](c);
}

const char* backward(const Call& c) {
  static constexpr KernelFn table[] = {run_backward<0>, run_backward<1>, run_backward<2>,
                                       run_backward<3>, run_backward<4>, run_backward<5>,
                                       run_backward<6>, run_backward<7>, run_backward<8>,
                                       run_backward<9>};
  return table[int(c.attr[0])](c);
}

}  // namespace
}  // namespace longconv

LONGCONV_KERNEL("unary", "forward", longconv::forward)
LONGCONV_KERNEL("unary", "backward", longconv::backward)
