// Portable vectors: GCC/Clang vector extensions, as wide as the instruction set that this unit is built for.
// No std:: and no immintrin: the same source is AVX-512, AVX2, SSE2 and NEON. Never wider than the hardware's.
#pragma once
#include <cstdint>

#define LC_INLINE static inline __attribute__((always_inline))

namespace longconv {
namespace {

#if defined(__AVX512F__)
constexpr int W = 16;
#elif defined(__AVX__)
constexpr int W = 8;
#else
constexpr int W = 4;
#endif

typedef float V __attribute__((vector_size(4 * W)));
typedef int32_t VI __attribute__((vector_size(4 * W)));
typedef float Vu __attribute__((vector_size(4 * W), aligned(4), may_alias));
typedef int32_t VIu __attribute__((vector_size(4 * W), aligned(4), may_alias));

LC_INLINE V load(const float* p) { return *reinterpret_cast<const Vu*>(p); }
LC_INLINE void store(float* p, V a) { *reinterpret_cast<Vu*>(p) = a; }
LC_INLINE VI loadi(const int32_t* p) { return *reinterpret_cast<const VIu*>(p); }
LC_INLINE V splat(float s) { return s - V{}; }  // s - 0 is exactly s; V{} + s is not a pure broadcast
LC_INLINE VI splati(int32_t s) { return s - VI{}; }
LC_INLINE V fma(V a, V b, V c) { return a * b + c; }  // contracted: -ffp-contract=fast
/** The larger, the smaller; b where either is NaN. One instruction: GCC does not see it in the comparison. */
#if defined(__AVX512F__) && !defined(__clang__)
LC_INLINE V vmax(V a, V b) { return __builtin_ia32_maxps512_mask(a, b, a, uint16_t(-1), 4); }
LC_INLINE V vmin(V a, V b) { return __builtin_ia32_minps512_mask(a, b, a, uint16_t(-1), 4); }
#elif defined(__AVX__) && !defined(__clang__)
LC_INLINE V vmax(V a, V b) { return __builtin_ia32_maxps256(a, b); }
LC_INLINE V vmin(V a, V b) { return __builtin_ia32_minps256(a, b); }
#elif defined(__SSE__) && !defined(__clang__)
LC_INLINE V vmax(V a, V b) { return __builtin_ia32_maxps(a, b); }
LC_INLINE V vmin(V a, V b) { return __builtin_ia32_minps(a, b); }
#else
LC_INLINE V vmax(V a, V b) { return a > b ? a : b; }
LC_INLINE V vmin(V a, V b) { return a < b ? a : b; }
#endif
LC_INLINE VI as_int(V a) { return (VI)a; }
LC_INLINE V as_float(VI a) { return (V)a; }
LC_INLINE V vabs(V a) { return as_float(as_int(a) & splati(0x7fffffff)); }
LC_INLINE V copysign(V mag, V sign) {
  return as_float((as_int(mag) & splati(0x7fffffff)) | (as_int(sign) & splati(int32_t(0x80000000u))));
}

/** Loads n <= W elements, the rest zero; stores n <= W elements. Nothing beyond them is touched. */
#if defined(__AVX512F__) && !defined(__clang__)
LC_INLINE V load_part(const float* p, int n) {
  return __builtin_ia32_loadups512_mask(p, V{}, uint16_t((1u << n) - 1));
}
LC_INLINE void store_part(float* p, V a, int n) {
  __builtin_ia32_storeups512_mask(p, a, uint16_t((1u << n) - 1));
}
#elif defined(__AVX2__) && !defined(__clang__)
LC_INLINE VI first_lanes(int n) { return VI{0, 1, 2, 3, 4, 5, 6, 7} < splati(n); }
LC_INLINE V load_part(const float* p, int n) {
  return __builtin_ia32_maskloadps256(reinterpret_cast<const V*>(p), first_lanes(n));
}
LC_INLINE void store_part(float* p, V a, int n) {
  __builtin_ia32_maskstoreps256(reinterpret_cast<V*>(p), first_lanes(n), a);
}
#else
LC_INLINE V load_part(const float* p, int n) {
  V a = V{};
  for (int i = 0; i < n; i++) a[i] = p[i];
  return a;
}
LC_INLINE void store_part(float* p, V a, int n) {
  for (int i = 0; i < n; i++) p[i] = a[i];
}
#endif

/** The first n lanes of a, and those of b (zero) in the others; n may be more than W. */
LC_INLINE V first_or(V a, V b, int64_t n) {
  VI lane{};
  for (int j = 0; j < W; j++) lane[j] = j;
  return lane < splati(n < W ? int32_t(n) : W) ? a : b;
}
LC_INLINE V first(V a, int64_t n) { return first_or(a, V{}, n); }

/** Lane j becomes lane j ^ S. */
template <int S>
LC_INLINE V swap_lanes(V a) {
  VI m{};
#pragma GCC unroll 16
  for (int j = 0; j < W; j++) m[j] = j ^ S;
  return __builtin_shuffle(a, m);
}
LC_INLINE float hsum(V a) {
  if constexpr (W >= 16) a += swap_lanes<8>(a);
  if constexpr (W >= 8) a += swap_lanes<4>(a);
  a += swap_lanes<2>(a);
  a += swap_lanes<1>(a);
  return a[0];
}
LC_INLINE float hmax(V a) {
  if constexpr (W >= 16) a = vmax(a, swap_lanes<8>(a));
  if constexpr (W >= 8) a = vmax(a, swap_lanes<4>(a));
  a = vmax(a, swap_lanes<2>(a));
  a = vmax(a, swap_lanes<1>(a));
  return a[0];
}

/** A store that bypasses the caches; p aligned to the vector. Follow with nt_fence(). */
LC_INLINE void store_nt(float* p, V a) {
#if defined(__AVX512F__) && defined(__GNUC__) && !defined(__clang__)
  __builtin_ia32_movntps512(p, a);
#elif defined(__AVX__) && defined(__GNUC__) && !defined(__clang__)
  __builtin_ia32_movntps256(p, a);
#elif defined(__SSE__) && defined(__GNUC__) && !defined(__clang__)
  __builtin_ia32_movntps(p, a);
#else
  store(p, a);
#endif
}
LC_INLINE void nt_fence() {
#if defined(__SSE__)
  __builtin_ia32_sfence();
#endif
}

}  // namespace
}  // namespace longconv
