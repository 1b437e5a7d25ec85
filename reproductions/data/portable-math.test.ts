import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { cos, exp, log, normalOfWord, normalQuantile, sin } from './portable-math.ts';

/** 50,000 numbers in (0, 1) that need no other function. */
const units = (() => {
  let state = 1;
  return Float64Array.from({ length: 50_000 }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state + 0.5) / 4294967296;
  });
})();

const cases: [string, (x: number) => number, (x: number) => number, (u: number) => number][] = [
  ['exp', exp, Math.exp, (u) => 1400 * u - 700],
  ['log', log, Math.log, (u) => (u < 0.5 ? u * 1e-9 + 1e-300 : u * u * 1e6)],
  ['log near 1', log, Math.log, (u) => 0.9 + 0.2 * u],
  ['sin', sin, Math.sin, (u) => (u - 0.5) * 1000],
  ['cos', cos, Math.cos, (u) => (u - 0.5) * 1000],
];

for (const [name, ours, engines, argument] of cases)
  test(`${name} is within 2 ulp of the engine's, which differ from each other`, () => {
    for (const u of units) {
      const x = argument(u);
      const there = engines(x);
      assert.ok(
        Math.abs(ours(x) - there) <= 2 * 2.220446049250313e-16 * Math.abs(there),
        `${name}(${x}): ${ours(x)}, ${there}`,
      );
    }
  });

test('the same bits under every engine', () => {
  const hash = createHash('sha256');
  for (const u of units)
    hash.update(
      new Uint8Array(
        Float64Array.of(exp(20 * u - 10), log(u), sin(40 * u - 20), cos(40 * u - 20), normalQuantile(u)).buffer,
      ),
    );
  assert.equal(hash.digest('hex'), 'bb499d3148b3f564cb0ac429c0b9e5d10b7d7edcdc90989b5f1d8150fa906fc2');
});

test('special places', () => {
  assert.equal(exp(0), 1);
  assert.equal(exp(-800), 0);
  assert.equal(exp(710), Number.POSITIVE_INFINITY);
  assert.ok(Number.isNaN(exp(Number.NaN)));
  assert.ok(Math.abs(exp(709.7) / 1.6549840276802644e308 - 1) < 1e-15);
  assert.equal(log(1), 0);
  assert.equal(sin(Math.PI), 1.2246467991473532e-16);
  assert.equal(cos(0), 1);
  assert.throws(() => log(0), /log takes a normal number above 0, not 0/);
  assert.throws(() => sin(1e9), /between -100000 and 100000/);
});

test('normal quantiles', () => {
  // Tables of the normal distribution to 15 digits.
  for (const [p, z] of [
    [0.5, 0],
    [0.975, 1.959963984540054],
    [0.025, -1.959963984540054],
    [0.999, 3.090232306167813],
    [1e-9, -5.997807015007687],
    [1e-12, -7.034483825301131],
  ])
    assert.ok(Math.abs(normalQuantile(p) - z) < 2e-14, `${p}: ${normalQuantile(p)}`);
  assert.ok(Math.abs(normalOfWord(0)) < 6.4);
  assert.equal(normalOfWord(0), -normalOfWord(4294967295));
  let [sum, squares, fourths] = [0, 0, 0];
  for (const u of units) {
    const z = normalQuantile(u);
    sum += z;
    squares += z * z;
    fourths += z * z * z * z;
  }
  const n = units.length;
  assert.ok(Math.abs(sum / n) < 5 / Math.sqrt(n));
  assert.ok(Math.abs(squares / n - 1) < 5 * Math.sqrt(2 / n));
  assert.ok(Math.abs(fourths / n - 3) < 5 * Math.sqrt(96 / n));
});
