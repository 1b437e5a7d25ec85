// The unfused form: what the papers' baselines do with a library's transforms, pass by pass over main memory.
//
//   pad to n >= L + Lk, transform to complex spectra in memory, multiply into another spectrum, transform back to
//   padded rows, crop and add the skip term.
//
// Every pass is vectorised and uses all threads, and the transforms are the fused form's own, in the cyclic ring,
// two real rows as one complex row of n (which costs what two real transforms of n cost and needs the same memory).
// n is 2L for the usual kernel, rounded up to a size with a fast transform. The backward pass transforms u and k
// again, like the fused form: nothing is saved between the passes.
#pragma once
#include "problem.h"

namespace longconv {
namespace {

/** A tensor in memory for the time between two passes. */
struct Intermediate {
  float* data;
  explicit Intermediate(int64_t floats) : data(static_cast<float*>(pool_alloc(size_t(floats) * 4))) {}
  ~Intermediate() { release(); }
  Intermediate(const Intermediate&) = delete;
  explicit operator bool() const { return data != nullptr; }
  void release() {
    pool_free(data);
    data = nullptr;
  }
};

struct Unfused {
  const Problem& x;
  const Plan& p;
  int64_t n;
  float* work;  // a row for each thread
  int64_t pairs() const { return (x.B + 1) / 2; }

  /** out[r, 0 .. n) = in[r, 0 .. L), zero beyond. */
  void pad(const float* in, int64_t rows, int64_t L, float* out) const {
    parallel(rows, 1, [&](int64_t r, int64_t, int) {
      __builtin_memcpy(out + r * n, in + r * L, size_t(L) * 4);
      __builtin_memset(out + r * n + L, 0, size_t(n - L) * 4);
    });
  }

  /** Kernels in time, all lags in one padded row: negative ones at its end. */
  void pad_kernels(float* out) const {
    parallel(x.C * x.H, 1, [&](int64_t r, int64_t, int) {
      float* row = out + r * n;
      const float *k0 = x.k + r * x.Lk, *k1 = x.two_halves() ? k0 + x.C * x.H * x.Lk : k0 + x.Lk - x.Q;
      __builtin_memcpy(row, k0, size_t(x.P) * 4);
      __builtin_memset(row + x.P, 0, size_t(n - x.P) * 4);
      if (x.sides == kDoubleZero) row[0] += k1[0];
      const int64_t skip = x.sides == kLag1 ? 1 : 0;
      for (int64_t j = 1; j <= x.Q; j++) row[n - j] = x.sides == kCircular ? k1[x.Q - j] : k1[j - skip];
    });
  }

  /** Row index of (b, channel) in a batch of `channels`; a missing partner (odd B) is null. */
  static float* partner(float* rows, int64_t b, int64_t B, int64_t channels, int64_t c, int64_t n) {
    return b < B ? rows + (b * channels + c) * n : nullptr;
  }

  /** Spectra out[channel, pair] of the padded rows (b, channel), rows 2 pair and 2 pair + 1 together. */
  void transform(const float* padded, int64_t B, int64_t channels, float* out) const {
    const int64_t half = (B + 1) / 2;
    parallel(channels * half, 1, [&](int64_t i, int64_t, int thread) {
      const int64_t c = i / half, b = i % half * 2;
      float* rows = const_cast<float*>(padded);
      const Team t{thread, false};
      Walk w{};
      w.p = &p, w.S = work + thread * p.floats, w.A = out + i * 2 * n, w.scale = 1;
      enter(p, t, {partner(rows, b, B, channels, c, n), n, partner(rows, b + 1, B, channels, c, n), n, false}, w.S);
      middle(kSpectrum, t, w);
    });
  }

  void transform_back(const float* spectra, int64_t B, int64_t channels, float* padded) const {
    const int64_t half = (B + 1) / 2;
    parallel(channels * half, 1, [&](int64_t i, int64_t, int thread) {
      const int64_t c = i / half, b = i % half * 2;
      const Team t{thread, false};
      Walk w{};
      w.p = &p, w.S = work + thread * p.floats;
      w.A = const_cast<float*>(spectra) + i * 2 * n, w.scale = 1.0f / float(n);
      middle(kInverse, t, w);
      leave(p, t, w.S, {partner(padded, b, B, channels, c, n), n, partner(padded, b + 1, B, channels, c, n), n, false});
    });
  }

  /** Forward: Y[c H + h, pair] = U[h, pair] K[c H + h]. */
  void multiply(const float* U, const float* K, float* Y) const {
    const int64_t half = pairs();
    parallel(x.C * x.H * half, 1, [&](int64_t i, int64_t, int) {
      const int64_t c = i / half, b = i % half;
      const float *s = U + (c % x.H * half + b) * 2 * n, *q = K + c * 2 * n;
      float* y = Y + i * 2 * n;
      for (int64_t j = 0; j < 2 * n; j += 2 * W) storec(y + j, mul(loadc(s + j), loadc(q + j)));
    });
  }

  /** Backward: dU[h, pair] = sum_c G[c H + h, pair] conj K[c H + h]. */
  void multiply_back(const float* G, const float* K, float* dU) const {
    const int64_t half = pairs();
    parallel(x.H * half, 1, [&](int64_t i, int64_t, int) {
      const int64_t h = i / half, b = i % half;
      float* y = dU + i * 2 * n;
      for (int64_t c = h; c < x.C * x.H; c += x.H) {
        const float *s = G + (c * half + b) * 2 * n, *q = K + c * 2 * n;
        for (int64_t j = 0; j < 2 * n; j += 2 * W) {
          const Cx v = mul_conj(loadc(s + j), loadc(q + j));
          storec(y + j, c == h ? v : add(v, loadc(y + j)));
        }
      }
    });
  }

  /** sums[c] = sum over pairs G[c, pair] conj U[c mod H, pair]: the real part of its inverse transform is dk. */
  void reduce(const float* G, const float* U, float* sums) const {
    const int64_t half = pairs();
    parallel(x.C * x.H, 1, [&](int64_t c, int64_t, int) {
      float* y = sums + c * 2 * n;
      for (int64_t b = 0; b < half; b++) {
        const float *s = G + (c * half + b) * 2 * n, *q = U + (c % x.H * half + b) * 2 * n;
        for (int64_t j = 0; j < 2 * n; j += 2 * W) {
          const Cx v = mul_conj(loadc(s + j), loadc(q + j));
          storec(y + j, b ? add(v, loadc(y + j)) : v);
        }
      }
    });
  }

  /** out[b, ch, t] = padded[b, ch, t] + sum over c of D[c, h] skip[...]. */
  void crop(const float* padded, int64_t channels, const float* skip, int64_t sources, float* out) const {
    parallel(x.B * channels, 1, [&](int64_t r, int64_t, int) {
      const int64_t b = r / channels, ch = r % channels;
      const float* s = padded + r * n;
      float* y = out + r * x.L;
      for (int64_t t = 0; t < x.L; t++) y[t] = s[t];
      if (!x.D) return;
      // Forward: channel c H + h takes D u[h]. Backward: channel h takes all D[c, h] g[c H + h].
      for (int64_t c = ch; c < x.C * x.H; c += channels) {
        const float d = x.D[c];
        const float* u = skip + (b * sources + c % sources) * x.L;
        for (int64_t t = 0; t < x.L; t++) y[t] += d * u[t];
      }
    });
  }

  void crop_kernels(const float* padded) const {
    parallel(x.C * x.H, 1, [&](int64_t r, int64_t, int) {
      const float* row = padded + r * n;
      float *k0 = x.dk + r * x.Lk, *k1 = x.two_halves() ? k0 + x.C * x.H * x.Lk : k0 + x.Lk - x.Q;
      __builtin_memset(k0, 0, size_t(x.Lk) * 4);
      if (x.two_halves()) __builtin_memset(k1, 0, size_t(x.Lk) * 4);
      __builtin_memcpy(k0, row, size_t(x.P) * 4);
      if (x.sides == kDoubleZero) k1[0] = row[0];
      const int64_t skip = x.sides == kLag1 ? 1 : 0;
      for (int64_t j = 1; j <= x.Q; j++) k1[x.sides == kCircular ? x.Q - j : j - skip] = row[n - j];
    });
  }

  void skip_gradients() const {
    parallel(x.C * x.H, 1, [&](int64_t c, int64_t, int) {
      double sum = 0;
      for (int64_t b = 0; b < x.B; b++) sum += dot(x.u_row(b, c % x.H), x.g_row(b, c / x.H, c % x.H), x.L);
      x.dD[c] = float(sum);
    });
  }
};

inline const char* unfused(Problem& x) {
  static const char* const full = "fft-conv: no memory left for the unfused form's spectra: use form fused";
  const int64_t n = supported_size(x.L + (x.P > x.Q + 1 ? x.P : x.Q + 1) - 1);
  x.p = plan_for(n, 1);
  if (!x.p) return full;
  Intermediate work(x.p->floats * thread_count());
  if (!work) return full;
  const Unfused f{x, *x.p, n, work.data};
  const int64_t H = x.H, CH = x.C * x.H, pairs = f.pairs();

  auto spectra = [&](Intermediate& out, const float* rows, int64_t channels) {
    Intermediate padded(x.B * channels * n);
    if (!padded || !out) return false;
    f.pad(rows, x.B * channels, x.L, padded.data);
    f.transform(padded.data, x.B, channels, out.data);
    return true;
  };
  auto rows = [&](const Intermediate& in, int64_t channels, const float* skip, int64_t sources, float* out) {
    Intermediate padded(x.B * channels * n);
    if (!padded) return false;
    f.transform_back(in.data, x.B, channels, padded.data);
    f.crop(padded.data, channels, skip, sources, out);
    return true;
  };
  const bool needs_k = !x.g || x.du, needs_u = !x.g || x.dk;
  Intermediate K(needs_k ? CH * 2 * n : 1), U(needs_u ? H * pairs * 2 * n : 1);
  if (!K || !U) return full;
  if (needs_k) {
    Intermediate padded(CH * n);
    if (!padded) return full;
    f.pad_kernels(padded.data);
    f.transform(padded.data, 1, CH, K.data);
  }
  if (needs_u && !spectra(U, x.u, H)) return full;
  if (!x.g) {
    Intermediate Y(CH * pairs * 2 * n);
    if (!Y) return full;
    f.multiply(U.data, K.data, Y.data);
    U.release();
    return rows(Y, CH, x.u, H, x.y) ? nullptr : full;
  }
  if (x.dD) f.skip_gradients();
  if (!x.du && !x.dk) return nullptr;
  Intermediate G(CH * pairs * 2 * n);
  if (!spectra(G, x.g, CH)) return full;
  if (x.dk) {
    Intermediate sums(CH * 2 * n), padded(CH * n);
    if (!sums || !padded) return full;
    f.reduce(G.data, U.data, sums.data);
    f.transform_back(sums.data, 1, CH, padded.data);
    f.crop_kernels(padded.data);
    U.release();
  }
  if (!x.du) return nullptr;
  Intermediate dU(H * pairs * 2 * n);
  if (!dU) return full;
  f.multiply_back(G.data, K.data, dU.data);
  G.release();
  return rows(dU, H, x.g, CH, x.du) ? nullptr : full;
}

}  // namespace
}  // namespace longconv
