// y = f(x) and dx = f'(s) g, four elements a thread. s is the saved tensor: the input or the output (op.ts).
// Memory bound: 8 bytes forward, 12 backward an element. Needs math.wgsl.

struct Params {
  vectors: u32,
  alpha: f32,
  beta: f32,
}

override function: u32;  // index in op.ts
const GELU = 0u;
const GELU_TANH = 1u;
const SILU = 2u;
const SIGMOID = 3u;
const TANH = 4u;
const RELU = 5u;
const EXP = 6u;
const SQUARE = 7u;
const SIN = 8u;

const C = 0.7978845608028654;
const CUBIC = 0.044715;

fn value(x: vec4f, alpha: f32, beta: f32) -> vec4f {
  switch function {
    case GELU: { return x * phi_(x); }
    case GELU_TANH: { return 0.5 * x * (1.0 + tanh_(C * fma(CUBIC * x * x, x, x))); }
    case SILU: { return x * sigmoid_(x); }
    case SIGMOID: { return sigmoid_(x); }
    case TANH: { return tanh_(x); }
    case RELU: { return max(x, vec4f(0.0)); }
    case EXP: { return exp_(x); }
    case SQUARE: { return x * x; }
    case SIN: { return sin_(x); }
    default: { return fma(vec4f(alpha), x, vec4f(beta)); }
  }
}

fn slope(s: vec4f, alpha: f32) -> vec4f {
  switch function {
    case GELU: { return fma(s * 0.3989422804014327, exp_(-0.5 * s * s), phi_(s)); }
    case GELU_TANH: {
      let t = tanh_(C * fma(CUBIC * s * s, s, s));
      return 0.5 * (1.0 + t) + 0.5 * s * (1.0 - t * t) * C * fma(3.0 * CUBIC * s, s, vec4f(1.0));
    }
    case SILU: {
      let y = sigmoid_(s);
      return y * fma(s, 1.0 - y, vec4f(1.0));
    }
    case SIGMOID: { return s * (1.0 - s); }
    case TANH: { return 1.0 - s * s; }
    case RELU: { return select(vec4f(0.0), vec4f(1.0), s > vec4f(0.0)); }
    case EXP: { return s; }
    case SQUARE: { return s + s; }
    case SIN: { return cos_(s); }
    default: { return vec4f(alpha); }
  }
}
