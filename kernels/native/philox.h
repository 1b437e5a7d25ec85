// Philox 4x32-10 (Salmon et al. 2011) in vectors; word for word the host's stream (tensor/random.ts).
#pragma once
#include "simd.h"

namespace longconv {
namespace {

typedef uint64_t VL __attribute__((vector_size(4 * W)));
typedef uint32_t VW __attribute__((vector_size(4 * W)));

/** The 64-bit products of the low halves of each lane. */
LC_INLINE VL multiply_low(VL a, VL b) {
#if defined(__AVX512F__) && !defined(__clang__)
  typedef long long L __attribute__((vector_size(64)));
  return (VL)__builtin_ia32_pmuludq512_mask((VI)a, (VI)b, L{}, (unsigned char)0xff);
#elif defined(__AVX2__) && !defined(__clang__)
  return (VL)__builtin_ia32_pmuludq256((VI)a, (VI)b);
#elif defined(__SSE2__) && !defined(__clang__)
  return (VL)__builtin_ia32_pmuludq128((VI)a, (VI)b);
#else
  const VL low = VL{} + 0xffffffffu;
  return (a & low) * (b & low);
#endif
}

/** The words of blocks [block, block + W) of the stream `key`, in order: 4 W of them. */
LC_INLINE void philox_words(uint64_t block, uint32_t key0, uint32_t key1, VW out[4]) {
  constexpr int N = W / 2;  // blocks in a vector: a word lives in the low half of a 64-bit lane
  const VL low = VL{} + 0xffffffffu;
  const VL m0 = VL{} + 0xd2511f53u, m1 = VL{} + 0xcd9e8d57u;
  VL c0[2], c1[2], c2[2], c3[2], ramp = VL{};
  for (int l = 0; l < N; l++) ramp[l] = l;
  for (int h = 0; h < 2; h++) {
    c0[h] = VL{} + (block + h * N) + ramp;
    c1[h] = c0[h] >> 32;
    c2[h] = c3[h] = VL{};
  }
  for (int round = 0; round < 10; round++) {
    const VL k0 = VL{} + (key0 + round * 0x9e3779b9u), k1 = VL{} + (key1 + round * 0xbb67ae85u);
    for (int h = 0; h < 2; h++) {  // the high halves of the lanes are left to be anything: nothing reads them
      const VL p0 = multiply_low(c0[h], m0), p1 = multiply_low(c2[h], m1);
      c0[h] = (p1 >> 32) ^ c1[h] ^ k0;
      c2[h] = (p0 >> 32) ^ c3[h] ^ k1;
      c1[h] = p1;
      c3[h] = p0;
    }
  }
  for (int h = 0; h < 2; h++) {
    const VL a = (c0[h] & low) | (c1[h] << 32), b = (c2[h] & low) | (c3[h] << 32);
#if !defined(__clang__)
    VL first = VL{}, second = VL{};
    for (int l = 0; l < N; l++) first[l] = l / 2 + l % 2 * N, second[l] = N / 2 + l / 2 + l % 2 * N;
    out[2 * h] = (VW)__builtin_shuffle(a, b, first);
    out[2 * h + 1] = (VW)__builtin_shuffle(a, b, second);
#else
    VL first = VL{}, second = VL{};
    for (int l = 0; l < N; l++) {
      first[l] = l % 2 ? b[l / 2] : a[l / 2];
      second[l] = l % 2 ? b[N / 2 + l / 2] : a[N / 2 + l / 2];
    }
    out[2 * h] = (VW)first, out[2 * h + 1] = (VW)second;
#endif
  }
}

}  // namespace
}  // namespace longconv
