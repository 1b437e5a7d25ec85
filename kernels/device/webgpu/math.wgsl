// Elementary functions that WGSL's built-ins give too coarsely (exp: 3 + 2|x| ulp, tanh: unspecified).

/// e^x; relative error below 2e-7; 0 below -87.3, saturates near 3.4e38 above 88.7.
fn exp_(at: vec4f) -> vec4f {
  let x = clamp(at, vec4f(-87.3365), vec4f(88.7228));
  let n = round(x * 1.44269504088896341);
  var r = fma(n, vec4f(-0.693145751953125), x);
  r = fma(n, vec4f(-1.42860682030941723e-6), r);
  var p = vec4f(1.9875691500e-4);
  p = fma(p, r, vec4f(1.3981999507e-3));
  p = fma(p, r, vec4f(8.3334519073e-3));
  p = fma(p, r, vec4f(4.1665795894e-2));
  p = fma(p, r, vec4f(1.6666665459e-1));
  p = fma(p, r, vec4f(5.0000001201e-1));
  p = fma(p, r * r, r) + 1.0;
  // In two steps, so that n = 128 does not overflow the exponent.
  let half = vec4i(floor(n * 0.5));
  return p * power_of_two(half) * power_of_two(vec4i(n) - half);
}

/// 2^n, n in [-126, 127].
fn power_of_two(n: vec4i) -> vec4f {
  return bitcast<vec4f>((n + 127) << vec4u(23));
}

fn sigmoid_(x: vec4f) -> vec4f {
  return 1.0 / (1.0 + exp_(-x));
}

/// tanh x; relative error below 4e-7.
fn tanh_(x: vec4f) -> vec4f {
  let a = abs(x);
  let e = exp_(-2.0 * a);
  let big = sign(x) * (1.0 - e) / (1.0 + e);
  let s = x * x;
  var p = vec4f(-5.70498872745e-3);
  p = fma(p, s, vec4f(2.06390887954e-2));
  p = fma(p, s, vec4f(-5.37397155531e-2));
  p = fma(p, s, vec4f(1.33314422036e-1));
  p = fma(p, s, vec4f(-3.33332819422e-1));
  return select(big, fma(p * s, x, x), a < vec4f(0.625));
}

/// sin x and cos x; absolute error below 1e-6 for |x| <= 10^4 (the built-ins promise 2^-11 on [-pi, pi] only).
fn sin_(x: vec4f) -> vec4f {
  return sin_reduced(x, round(x * 0.318309886183790672), vec4f(0.0));
}
fn cos_(x: vec4f) -> vec4f {
  return -sin_reduced(x, round(fma(x, vec4f(0.318309886183790672), vec4f(-0.5))), vec4f(0.5));
}

/// (-1)^m sin r, x = r + (m + part) pi.
fn sin_reduced(x: vec4f, m: vec4f, part: vec4f) -> vec4f {
  let n = m + part;
  var r = fma(n, vec4f(-3.140625), x);
  r = fma(n, vec4f(-9.67502593994140625e-4), r);
  r = fma(n, vec4f(-1.509957990978376432e-7), r);
  let s = r * r;
  var p = vec4f(2.6083159809786593541503e-6);
  p = fma(p, s, vec4f(-1.981069071916863322258e-4));
  p = fma(p, s, vec4f(8.33307858556509017944336e-3));
  p = fma(p, s, vec4f(-1.66666597127914428710938e-1));
  let value = fma(p * s, r, r);
  return select(value, -value, (vec4i(m) & vec4i(1)) != vec4i(0));
}

/// Phi(x), the normal distribution function; absolute error below 2e-7 (Abramowitz & Stegun 7.1.26).
fn phi_(x: vec4f) -> vec4f {
  let a = abs(x) * 0.70710678118654752;
  let t = 1.0 / fma(a, vec4f(0.3275911), vec4f(1.0));
  var p = vec4f(1.061405429);
  p = fma(p, t, vec4f(-1.453152027));
  p = fma(p, t, vec4f(1.421413741));
  p = fma(p, t, vec4f(-0.284496736));
  p = fma(p, t, vec4f(0.254829592));
  let tail = 0.5 * p * t * exp_(-a * a);
  return select(1.0 - tail, tail, x < vec4f(0.0));
}
