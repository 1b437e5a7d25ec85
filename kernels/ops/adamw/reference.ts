import type { ReferenceCall } from '../op.ts';
import type { AdamWAttrs } from './op.ts';

export function forward({ inputs: [p, m, v, g, norm], attrs }: ReferenceCall<AdamWAttrs>): void {
  if (!p || !m || !v || !g) return;
  const { lr, beta1, beta2, eps, weightDecay, step, clipNorm } = attrs;
  const clip = norm ? Math.min(1, clipNorm / (Math.sqrt(norm.data[0]) + 1e-6)) : 1;
  for (let i = 0; i < p.data.length; i++) {
    const d = g.data[i] * clip;
    m.data[i] = beta1 * m.data[i] + (1 - beta1) * d;
    v.data[i] = beta2 * v.data[i] + (1 - beta2) * d * d;
    const mean = m.data[i] / (1 - beta1 ** step);
    const root = Math.sqrt(v.data[i] / (1 - beta2 ** step));
    p.data[i] = p.data[i] * (1 - lr * weightDecay) - (lr * mean) / (root + eps);
  }
}
