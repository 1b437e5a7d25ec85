/**
 * Diagonal state spaces in discrete time, on the host in float64: Abar and the factor f of the input vector, Bbar = f B.
 *
 *   zoh        Abar = e^x                        f = dt (e^x - 1)/x             x = dt A
 *   bilinear   Abar = (1 + x/2)/(1 - x/2)        f = dt / (1 - x/2)
 */
import { add, type Complex, complex, div, exp, one, phi, scale, sub } from '../../kernels/numerics/complex.ts';

export interface DiscreteMode {
  /** Abar. */
  a: Complex;
  f: Complex;
}

export function discretise(how: 'zoh' | 'bilinear', A: Complex, dt: number): DiscreteMode {
  const x = scale(A, dt);
  if (how === 'zoh') return { a: exp(x), f: scale(phi(x).value, dt) };
  const below = sub(one, scale(x, 0.5));
  return { a: div(add(one, scale(x, 0.5)), below), f: div(complex(dt), below) };
}
