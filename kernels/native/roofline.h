#pragma once

namespace longconv {

/** The machine's ceilings, measured with the pool's current threads. */
struct Roofline {
  double flops;  // fp32 fused multiply-adds, FLOP/s (2 a lane)
  double bytes;  // copy with non-temporal stores, B/s read plus written
};

Roofline measure_roofline(const char* isa);

}  // namespace longconv
