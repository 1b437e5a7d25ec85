/** What the optimiser is told of S5's parameters: the four groupings of the public code, and its steps' own switch. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { openDevice } from '../../kernels/device/registry.ts';
import { Streams } from '../../kernels/tensor/random.ts';
import { ParameterStore } from '../parameters.ts';
import s5, { decays, type S5Config } from './s5.ts';

const device = await openDevice('reference');

/** `name: rate decay` of every parameter; `lr` and `wd` stand for the run's own. */
function groups(config: Partial<S5Config>): Record<string, string> {
  const store = new ParameterStore(device, false);
  const size = { width: 4, length: 8, layers: 1, dropout: 0, tiedDropout: false };
  s5.build(store.at('m'), size, { ...s5.defaults, states: 4, blocks: 1, lr: 0.5, ...config }, new Streams(0));
  const said = store.parameters.map(({ name, hints }) => [
    name.slice(2),
    `${hints.lr ?? 'lr'} ${hints.weightDecay ?? 'wd'}`,
  ]);
  store.dispose();
  return Object.fromEntries(said);
}

const [own, slow, slowDecayed] = ['lr wd', '0.5 0', '0.5 wd'];
const wanted: Record<(typeof decays)[number], { B: string; C: string }> = {
  standard: { B: slow, C: own },
  BandCdecay: { B: slowDecayed, C: own },
  BfastandCdecay: { B: own, C: own },
  noBCdecay: { B: slow, C: slow },
};

for (const decay of decays)
  for (const dtGlobal of [false, true])
    test(`groups of S5's parameters: ${decay}${dtGlobal ? ', global steps' : ''}`, () => {
      const { B, C } = wanted[decay];
      const want = {
        ...{ 'seq.Lambda_re': slow, 'seq.Lambda_im': slow, 'seq.log_step': dtGlobal ? own : slow },
        ...{ 'seq.B': B, 'seq.C1': C, 'seq.C2': C, 'seq.D': C },
        ...{ 'out2.kernel': own, 'out2.bias': own },
      };
      assert.deepEqual(groups({ decay, dtGlobal, bidirectional: true }), want);
      const { 'seq.C1': _, 'seq.C2': __, ...joined } = want;
      assert.deepEqual(groups({ decay, dtGlobal }), { ...joined, 'seq.C': C });
    });

test("without a rate of its own the state space has the run's, and still no decay", () => {
  assert.equal(groups({ lr: null })['seq.Lambda_re'], 'lr 0');
});

test('states that do not divide into the blocks are refused', () => {
  assert.throws(() => groups({ states: 10, blocks: 4 }), /10 states do not divide into 4 blocks/);
});
