import { type MixerCases, one, uniform } from '../cases.ts';

const H = 32;
const L = 64;
/** Order O, features E, filter width F, inner maps n, short filter of K taps. */
const count = (O: number, E: number, F: number, n: number, K: number, trainedFeatures = true): number =>
  (O + 2) * (H * H + H) +
  (O + 1) * H * (K + 1) +
  (O - 1) * H +
  (trainedFeatures ? L * E : 0) +
  (E * F + F + n * (F * F + F) + F + F * (O - 1) * H);

const cases: MixerCases = {
  small: [
    { name: 'hyena', causal: true, blocks: one('hyena', { filterWidth: 5 }), changes: { norm: 'batch' } },
    {
      name: 'hyena of order 3, interleaved kernels, fast sines',
      causal: true,
      blocks: one('hyena', { order: 3, layout: 'full', filterWidth: 4, features: 5, frequency: 3, shift: 0.1 }),
    },
    {
      name: 'hyena of order 4, no inner map, no window, fixed features',
      causal: true,
      blocks: one('hyena', {
        order: 4,
        filterWidth: 3,
        filterInner: 0,
        features: 7,
        modulate: false,
        shortFilter: 2,
        featureLr: 0,
      }),
    },
    {
      name: 'hyena made for more steps than it gets',
      causal: true,
      blocks: one('hyena', { filterWidth: 4, filterInner: 1, slow: 2, fast: 0.5, target: 0.1, shortFilter: 1 }),
      changes: { length: 20 },
    },
  ],
  parameters: [
    [{}, count(2, 3, 64, 2, 3)],
    [{ order: 3, features: 33, filterWidth: 16, filterInner: 1, shortFilter: 5 }, count(3, 33, 16, 1, 5)],
    [{ order: 4, featureLr: 0 }, count(4, 3, 64, 2, 3, false)],
  ],
  laws: [
    [
      { filterWidth: 64, order: 3 },
      [
        ['filter_fn.bias', 0, 1],
        uniform('filter_fn.implicit_filter.2.weight', -1 / 8, 1 / 8),
        uniform('filter_fn.implicit_filter.6.weight', -1 / 8, 1 / 8),
        uniform('in_proj.weight', -1 / 16, 1 / 16),
        uniform('short_filter.weight', -1 / Math.sqrt(3), 1 / Math.sqrt(3)),
        uniform('short_filter.bias', -1 / Math.sqrt(3), 1 / Math.sqrt(3)),
      ],
    ],
  ],
};
export default cases;
