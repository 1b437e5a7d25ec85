// The fused form. For each channel: the kernel's spectrum once, then row by row forward transform, product and
// inverse transform without leaving the workspace; nothing but u, k, g and the results touches main memory.
//
// Rows live in the ring R[t] / (t^2N + 1) = C[t] / (t^N - i), N >= (L + Lk - 1) / 2: products beyond index 2N come
// back with the sign changed and land where nobody looks. A lag -j sits at index 2N - j with the sign changed.
// D is added to tap 0. Its gradient is that tap's, but is summed directly: it must be good to its own size.
#pragma once
#include "problem.h"

namespace longconv {
namespace {

/** The ring of a problem: the smallest one that keeps the wanted outputs and kernel gradients clean. */
inline int64_t ring_size(const Problem& x) {
  const int64_t causal = x.L + x.P - 1, anti = x.L + x.Q;
  return supported_size(((causal > anti ? causal : anti) + 1) / 2);
}

struct Workspace {
  float *S, *U;    // rows; U is also room for a kernel in time
  float *A2, *A3;  // spectra of u and du when there are several kernel channels
  float *K, *A;    // C spectra of kernels and of their gradients
  double* dD;      // C sums
};

inline RingRow ring_row(const Problem& x, const float* row, bool stream) {
  const int64_t N = x.p->N;
  float* lo = const_cast<float*>(row);
  const bool aligned = reinterpret_cast<uintptr_t>(row) % (4 * W) == 0;
  return {lo, smaller(x.L, N), x.L > N ? lo + N : nullptr, x.L - N, stream && aligned};
}

/** Kernel c, h as a row of the ring, in U; `hi` only when there are negative lags. */
inline RingRow kernel_row(const Problem& x, const Workspace& w) {
  return {w.U, x.P, x.Q ? w.U + x.p->N : nullptr, x.p->N, false};
}

inline void kernel_spectrum(const Problem& x, const Team& team, const Workspace& w, int64_t h, int64_t c, float* K) {
  const int64_t N = x.p->N;
  const RingRow row = kernel_row(x, w);
  const float *k0 = x.k + (c * x.H + h) * x.Lk, *k1 = x.two_halves() ? k0 + x.C * x.H * x.Lk : k0 + x.Lk - x.Q;
  __builtin_memcpy(row.lo, k0, size_t(x.P) * 4);
  if (x.sides == kDoubleZero) row.lo[0] += k1[0];
  if (row.hi) {
    __builtin_memset(row.hi, 0, size_t(N) * 4);
    // Lag -j is at index N - j: the reverse half back to front, the circular kernel's end as it stands.
    if (x.sides == kCircular)
      for (int64_t j = 0; j < x.Q; j++) row.hi[N - x.Q + j] = -k1[j];
    else
      for (int64_t j = 1, skip = x.sides == kLag1 ? 1 : 0; j <= x.Q; j++) row.hi[N - j] = -k1[j - skip];
  }
  if (x.D) row.lo[0] += x.D[c * x.H + h];
  enter(*x.p, team, row, w.S);
  Walk walk{};
  walk.p = x.p, walk.S = w.S, walk.A = K, walk.scale = 1.0f / float(N);
  middle(kSpectrum, team, walk);
}

inline void kernel_gradient(const Problem& x, const Team& team, const Workspace& w, int64_t h, int64_t c, float* A) {
  const int64_t N = x.p->N;
  const RingRow row = kernel_row(x, w);
  Walk walk{};
  walk.p = x.p, walk.S = w.S, walk.A = A, walk.scale = 1.0f / float(N);
  middle(kInverse, team, walk);
  leave(*x.p, team, w.S, row);
  float* k0 = x.dk + (c * x.H + h) * x.Lk;
  __builtin_memset(k0, 0, size_t(x.Lk) * 4);
  __builtin_memcpy(k0, row.lo, size_t(x.P) * 4);
  if (x.sides == kCircular)
    for (int64_t j = 0; j < x.Q; j++) k0[x.Lk - x.Q + j] = -row.hi[N - x.Q + j];
  if (!x.two_halves()) return;
  float* k1 = k0 + x.C * x.H * x.Lk;
  __builtin_memset(k1, 0, size_t(x.Lk) * 4);
  if (x.sides == kDoubleZero) k1[0] = row.lo[0];
  for (int64_t j = 1, skip = x.sides == kLag1 ? 1 : 0; j <= x.Q; j++) k1[j - skip] = -row.hi[N - j];
}

/** Fetching ahead by software pays where a row comes from memory in the time that a row takes. */
inline const float* fetch(const Problem& x, const Team& team, const float* row) {
  return !team.wide && x.stream && x.p->N <= 131072 && x.L <= x.p->N ? row : nullptr;
}

/** Rows b0 .. b1 - 1 of channel h; K: C spectra. */
inline void forward_rows(const Problem& x, const Team& team, const Workspace& w, int64_t h, int64_t b0, int64_t b1,
                         const float* K) {
  const Plan& p = *x.p;
  Walk walk{};
  walk.p = x.p, walk.S = w.S, walk.scale = 1;
  for (int64_t b = b0; b < b1; b++) {
    walk.next = fetch(x, team, b + 1 < b1 ? x.u_row(b + 1, h) : x.u_row(b0, h) + x.L);
    enter(p, team, ring_row(x, x.u_row(b, h), false), w.S);
    if (x.C == 1) {
      walk.K = K;
      middle(kConvolve, team, walk);
      leave(p, team, w.S, ring_row(x, x.y_row(b, 0, h), x.stream));
      continue;
    }
    walk.A = w.A2;
    middle(kSpectrum, team, walk);
    for (int64_t c = 0; c < x.C; c++) {
      walk.K = K + c * 2 * p.N;
      walk.next = nullptr;
      middle(kProduct, team, walk);
      leave(p, team, w.S, ring_row(x, x.y_row(b, c, h), x.stream));
    }
  }
}

/** sum_t u g of a row: in pieces that depend on L alone, added in order. */
inline double skip_gradient(const Problem& x, const Team& team, const float* u, const float* g) {
  constexpr int64_t kPieces = 64;
  double part[kPieces];
  const int64_t piece = (x.L / kPieces + 4096) / 4096 * 4096;
  split(team, (x.L + piece - 1) / piece, 1, [&](int64_t b, int64_t e) {
    for (; b < e; b++) part[b] = dot(u + b * piece, g + b * piece, smaller(piece, x.L - b * piece));
  });
  double total = 0;
  for (int64_t i = 0; i * piece < x.L; i++) total += part[i];
  return total;
}

/**
 * Rows b0 .. b1 - 1 of channel h; K: C spectra; A: C sums of kernel gradients' spectra, or null; dD: C sums of u g,
 * or null.
 */
inline void backward_rows(const Problem& x, const Team& team, const Workspace& w, int64_t h, int64_t b0, int64_t b1,
                          const float* K, float* A, double* dD) {
  const Plan& p = *x.p;
  Walk walk{};
  walk.p = x.p, walk.S = w.S, walk.U = w.U, walk.scale = 1;
  for (int64_t b = b0; b < b1; b++) {
    const RingRow u = ring_row(x, x.u_row(b, h), false);
    walk.fresh = b == b0;
    for (int64_t c = 0; c < x.C && dD; c++)
      dD[c] = (b == b0 ? 0 : dD[c]) + skip_gradient(x, team, x.u_row(b, h), x.g_row(b, c, h));
    if (!A && !x.du) continue;
    if (x.C == 1 && x.du) {
      const bool more = b + 1 < b1;
      walk.A = A, walk.K = K;
      walk.next = fetch(x, team, more ? x.g_row(b + 1, 0, h) : x.g_row(b0, 0, h) + x.L);
      walk.next2 = A ? fetch(x, team, more ? x.u_row(b + 1, h) : x.u_row(b0, h) + x.L) : nullptr;
      if (A) enter(p, team, u, w.U);
      enter(p, team, ring_row(x, x.g_row(b, 0, h), false), w.S);
      middle(A ? kBackward : kCorrelate, team, walk);
      leave(p, team, w.S, ring_row(x, x.du_row(b, h), x.stream));
      continue;
    }
    if (A) {
      enter(p, team, u, w.S);
      walk.A = w.A2;
      middle(kSpectrum, team, walk);
    }
    walk.A2 = w.A2, walk.A3 = x.du ? w.A3 : nullptr;
    for (int64_t c = 0; c < x.C; c++) {
      enter(p, team, ring_row(x, x.g_row(b, c, h), false), w.S);
      walk.A = A ? A + c * 2 * p.N : nullptr, walk.K = K + c * 2 * p.N;
      walk.fresh3 = c == 0;
      middle(kMulti, team, walk);
    }
    if (!x.du) continue;
    walk.A = w.A3;
    middle(kInverse, team, walk);
    leave(p, team, w.S, ring_row(x, x.du_row(b, h), x.stream));
  }
}

/**
 * How the work is divided; sums are a function of the shapes alone, not of the number of threads. Channels are
 * independent. Where they are few and short, the batch is cut in `chunks`, whose kernel gradients are added in order.
 * Where they are few and long, all threads work on one row.
 */
struct Division {
  int64_t chunks, items;
  int threads;
  bool wide;
};

inline Division divide(const Problem& x) {
  Division d;
  const int64_t N = x.p->N;
  d.chunks = x.H >= 16 || N > 65536 ? 1 : smaller(x.B, (15 + x.H) / x.H);
  d.items = x.H * d.chunks;
  d.threads = thread_count();
  d.wide = d.threads > 1 && N >= 16384 && d.items < 4 * d.threads && d.items % d.threads;
  return d;
}

/** `on_chip`: points of a row that the caches hold; longer ones go through memory in three passes. 0: no such limit. */
inline const char* fused(Problem& x, int64_t on_chip) {
  const int64_t size = ring_size(x);
  x.p = plan_for(size, 0, on_chip ? joint_steps(size, on_chip) : 1);
  if (!x.p) return "fft-conv: no memory left for the tables of this length: choose a shorter length";
  const Plan& p = *x.p;
  const Division d = divide(x);
  const bool backward = x.g != nullptr, spectra_wanted = !backward || x.du;
  const int64_t spectra = x.C * 2 * p.N, row = p.floats > 2 * p.N ? p.floats : 2 * p.N;
  const int64_t teams = d.wide ? 1 : d.threads, rooms = d.chunks > 1 ? d.items : teams;

  Arena arena{};
  float *S, *U, *A2, *A3, *K, *A;
  double* dD;
  for (int pass = 0; pass < 2; pass++) {
    S = arena.take(teams * row), U = arena.take(teams * row);
    const bool apart = x.C > 1 || (backward && !x.du);
    A2 = arena.take(apart ? teams * 2 * p.N : 0), A3 = arena.take(apart ? teams * 2 * p.N : 0);
    K = arena.take(spectra * (d.chunks > 1 ? x.H : teams));
    A = arena.take(x.dk ? spectra * rooms : 0);
    dD = reinterpret_cast<double*>(arena.take(x.dD ? 2 * x.C * rooms : 0));
    if (pass == 0 && !arena.open()) return "fft-conv: no memory left for the workspace: choose a shorter length";
  }
  auto for_each = [&](int64_t n, auto&& work) {
    if (d.wide)
      for (int64_t i = 0; i < n; i++) work(i, Team{0, true});
    else parallel(n, 1, [&](int64_t i, int64_t, int thread) { work(i, Team{thread, false}); });
  };
  // The workspace of a thread, with the sums of item i.
  auto space = [&](const Team& team, int64_t i) {
    const int64_t t = team.thread, r = d.chunks > 1 ? i : t;
    float* k = K + (d.chunks > 1 ? i / d.chunks : t) * spectra;
    return Workspace{S + t * row, U + t * row, A2 + t * 2 * p.N, A3 + t * 2 * p.N, k, x.dk ? A + r * spectra : nullptr,
                     x.dD ? dD + r * x.C : nullptr};
  };
  auto spectrum = [&](const Team& team, const Workspace& w, int64_t h) {
    for (int64_t c = 0; c < x.C && spectra_wanted; c++) kernel_spectrum(x, team, w, h, c, w.K + c * 2 * p.N);
  };
  auto rows = [&](const Team& team, const Workspace& w, int64_t h, int64_t b0, int64_t b1) {
    if (backward) backward_rows(x, team, w, h, b0, b1, w.K, w.A, w.dD);
    else forward_rows(x, team, w, h, b0, b1, w.K);
  };
  auto gradients = [&](const Team& team, const Workspace& w, int64_t h) {
    for (int64_t c = 0; c < x.C; c++) {
      if (x.dD) x.dD[c * x.H + h] = float(w.dD[c]);
      if (x.dk) kernel_gradient(x, team, w, h, c, w.A + c * 2 * p.N);
    }
  };
  if (d.chunks == 1) {
    for_each(x.H, [&](int64_t h, const Team& team) {
      const Workspace w = space(team, h);
      spectrum(team, w, h);
      rows(team, w, h, 0, x.B);
      gradients(team, w, h);
    });
  } else {
    for_each(x.H, [&](int64_t h, const Team& team) { spectrum(team, space(team, h * d.chunks), h); });
    for_each(d.items, [&](int64_t i, const Team& team) {
      const int64_t n = i % d.chunks;
      rows(team, space(team, i), i / d.chunks, n * x.B / d.chunks, (n + 1) * x.B / d.chunks);
    });
    for_each(x.H, [&](int64_t h, const Team& team) {
      const Workspace sum = space(team, h * d.chunks);
      for (int64_t n = 1; n < d.chunks; n++) {
        const Workspace part = space(team, h * d.chunks + n);
        for (int64_t j = 0; j < spectra && x.dk; j += W) store(sum.A + j, load(sum.A + j) + load(part.A + j));
        for (int64_t c = 0; c < x.C && x.dD; c++) sum.dD[c] += part.dD[c];
      }
      gradients(team, sum, h);
    });
  }
  return nullptr;
}

}  // namespace
}  // namespace longconv
