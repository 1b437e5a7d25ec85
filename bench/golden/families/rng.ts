/** Golden family `rng`: PyTorch's `randperm` and Philox, both host code: the same on every device. */
import { torchRandperm } from '../../../kernels/numerics/mt19937.ts';
import { philox } from '../../../kernels/tensor/random.ts';
import { type GoldenCase, type GoldenResult, requireKnown, UnsupportedCase } from '../golden.ts';

const modulus = 1000003;

function randperm(c: GoldenCase): Map<string, ArrayLike<number>> {
  const { N, seed, stored } = c.config;
  const r = torchRandperm(N, seed);
  const tail = N - Math.floor(N / 10);
  return new Map<string, ArrayLike<number>>([
    ['perm', r.subarray(0, stored ?? N)],
    ['tail', r.subarray(tail, tail + (c.has('tail') ? c.get('tail').data.length : 50))],
    ['checksum', [r.reduce((sum, x, i) => (sum + (i + 1) * x) % modulus, 0)]],
  ]);
}

function knownAnswers(c: GoldenCase): Map<string, ArrayLike<number>> {
  const counters = c.get('counter').data;
  const keys = c.get('key').data;
  const out = new Int32Array(counters.length);
  for (let i = 0; i < counters.length / 4; i++) {
    const counter = Array.from(counters.subarray(4 * i, 4 * i + 4), (x) => x >>> 0);
    out.set(philox(counter, [keys[2 * i] >>> 0, keys[2 * i + 1] >>> 0], c.config.rounds ?? 10), 4 * i);
  }
  return new Map([['out', out]]);
}

export async function run(c: GoldenCase): Promise<GoldenResult> {
  requireKnown(c, ['op', 'seed', 'N', 'stored', 'rounds', 'vectors']);
  switch (c.config.op) {
    case 'randperm':
      return { computed: randperm(c), implementation: 'host' };
    case 'philox4x32':
      return { computed: knownAnswers(c), implementation: 'host' };
    default:
      throw new UnsupportedCase(`there is no random generator ${c.config.op}`);
  }
}
