import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ngrams } from './ngrams.ts';

const V = 6;
/** a b a b c a b a, and other short texts. */
const text = Uint16Array.of(0, 1, 0, 1, 2, 0, 1, 0, 3, 0, 1, 2, 2, 0, 0, 1, 0, 4);

test('probabilities are positive and sum to 1 after every context, seen or not', () => {
  const model = new Ngrams(text, V);
  for (let u = 0; u < V; u++)
    for (let v = 0; v < V; v++) {
      let sum = 0;
      let sum2 = 0;
      for (let w = 0; w < V; w++) {
        assert.ok(model.trigram(u, v, w) > 0);
        sum += model.trigram(u, v, w);
        sum2 += model.bigram(v, w);
      }
      assert.ok(Math.abs(sum - 1) < 1e-12, `${u} ${v}: ${sum}`);
      assert.ok(Math.abs(sum2 - 1) < 1e-12, `${v}: ${sum2}`);
    }
});

/** The formulas by maps of strings. */
function plain(tokens: readonly number[]): (u: number, v: number, w: number) => number {
  const three = new Map<string, number>();
  for (let i = 0; i + 2 < tokens.length; i++) {
    const key = tokens.slice(i, i + 3).join(' ');
    three.set(key, (three.get(key) ?? 0) + 1);
  }
  const fewer = (counts: Map<string, number>) => {
    const result = new Map<string, number>();
    for (const key of counts.keys()) {
      const rest = key.split(' ').slice(1).join(' ');
      result.set(rest, (result.get(rest) ?? 0) + 1);
    }
    return result;
  };
  const two = fewer(three);
  const one = fewer(two);
  const discount = (counts: Map<string, number>) => {
    const n = (k: number) => [...counts.values()].filter((value) => value === k).length;
    return n(1) / (n(1) + 2 * n(2));
  };
  const level = (counts: Map<string, number>, context: string, w: number, lower: number) => {
    const after = [...counts].filter(([key]) => key.startsWith(`${context} `) || context === '');
    const total = after.reduce((sum, [, value]) => sum + value, 0);
    if (!total) return lower;
    const D = discount(counts);
    const value = counts.get(context === '' ? `${w}` : `${context} ${w}`) ?? 0;
    return Math.max(value - D, 0) / total + ((D * after.length) / total) * lower;
  };
  return (u, v, w) => level(three, `${u} ${v}`, w, level(two, `${v}`, w, level(one, '', w, 1 / V)));
}

test('the formulas, written out with maps', () => {
  const model = new Ngrams(text, V);
  const expected = plain([...text]);
  for (let u = 0; u < V; u++)
    for (let v = 0; v < V; v++)
      for (let w = 0; w < V; w++) {
        const p = expected(u, v, w);
        assert.ok(Math.abs(model.trigram(u, v, w) - p) < 1e-12, `${u} ${v} ${w}: ${model.trigram(u, v, w)}, not ${p}`);
      }
  const test = [0, 1, 2, 5, 0, 1, 0];
  const loss = test.slice(2).reduce((sum, w, i) => sum - Math.log(expected(test[i], test[i + 1], w)), 0) / 5;
  assert.ok(Math.abs(model.score(Uint16Array.from(test)).trigram - loss) < 1e-12);
});

test('order helps on text that has one', () => {
  const tokens = Uint16Array.from({ length: 3000 }, (_, i) => [0, 1, 2, 1, 3, 0, 4][i % 7]);
  const { unigram, bigram, trigram } = new Ngrams(tokens.subarray(0, 2000), V).score(tokens.subarray(2000));
  assert.ok(trigram < bigram && bigram < unigram);
  assert.ok(trigram < 0.01 && Math.abs(unigram - Math.log(6)) < 0.3);
});
