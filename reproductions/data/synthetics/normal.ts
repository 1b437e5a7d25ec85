/** Standard normals that are the same to the last bit wherever they are drawn. */
import type { Draws } from '../draws.ts';

/**
 * Ratio of uniforms with Leva's quadratic bounds (Leva 1992, ACM TOMS 18, "A fast normal random number generator"):
 * (u, v) uniform in a rectangle, kept when v^2 <= -4 u^2 ln u, gives v / u. Products and one quotient, which IEEE 754
 * fixes; the logarithm, which engines round differently, only decides the 1 % of pairs between the two bounds.
 */
export function drawNormal(draws: Draws): number {
  for (;;) {
    const u = (draws.word() + 0.5) / 4294967296;
    const v = 1.7156 * ((draws.word() + 0.5) / 4294967296 - 0.5);
    const x = u - 0.449871;
    const y = Math.abs(v) + 0.386595;
    const q = x * x + y * (0.196 * y - 0.25472 * x);
    if (q < 0.27597 || (q <= 0.27846 && v * v <= -4 * Math.log(u) * u * u)) return v / u;
  }
}
