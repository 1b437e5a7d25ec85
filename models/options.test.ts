/** Options: every mixer states what each of its own may be, and refuses the rest in one sentence that names it. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { smallModels } from './all-cases.ts';
import { loadMixer, mixerConfig, mixerIds } from './mixer.ts';
import { faultIn, flag, oneOf, orNull, rates, whole } from './options.ts';
import { systems } from './systems.ts';

test('every mixer says what its options may be, and its defaults are that', async () => {
  for (const id of mixerIds()) {
    const { options, defaults } = await loadMixer(id);
    assert.deepEqual(Object.keys(options).sort(), Object.keys(defaults).sort(), id);
    assert.equal(faultIn(id, options, defaults), null);
  }
});

test('no option of any mixer takes NaN, infinity or a word that it does not know', async () => {
  for (const id of mixerIds()) {
    const definition = await loadMixer(id);
    for (const key of Object.keys(definition.defaults))
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 'nonsense', undefined, []])
        assert.throws(() => mixerConfig(definition, { [key]: value }), {
          name: 'RangeError',
          message: new RegExp(`^mixer ${id}: ${key} must be .+, not `),
        });
  }
});

test('the options of every system and small model are taken', async () => {
  for (const { definition, config, lra } of systems)
    for (const width of [64, 256]) mixerConfig(definition, { ...config, ...lra?.(width) });
  for (const { mixer, config } of smallModels.flatMap((m) => m.blocks)) mixerConfig(await loadMixer(mixer), config);
});

test('a fault names the option, what it may be and what it is', () => {
  const options = {
    states: whole(1, 8),
    heads: orNull(whole(2)),
    kind: oneOf('one', 'two'),
    deep: flag,
    lr: rates('A', 'B'),
  };
  const fault = (config: object) => faultIn('mixer x', options, config);
  assert.equal(fault({ states: 8, heads: null, kind: 'two', deep: false, lr: { A: 0, B: null } }), null);
  assert.equal(fault({ state: 3 }), 'mixer x has no option state: it has states, heads, kind, deep, lr');
  assert.equal(fault({ states: 0 }), 'mixer x: states must be a whole number from 1 to 8, not 0');
  assert.equal(fault({ states: 1.5 }), 'mixer x: states must be a whole number from 1 to 8, not 1.5');
  assert.equal(fault({ heads: '4' }), 'mixer x: heads must be a whole number of at least 2, or null, not "4"');
  assert.equal(fault({ kind: 'three' }), 'mixer x: kind must be one of one, two, not "three"');
  assert.equal(fault({ deep: 1 }), 'mixer x: deep must be true or false, not 1');
  assert.match(fault({ lr: { A: 0.1 } }) ?? '', /lr must be an object of rates .* for A, B, not \{"A":0.1\}$/);
  assert.match(fault({ lr: { A: 0.1, B: -1 } }) ?? '', /lr must be an object of rates/);
});
