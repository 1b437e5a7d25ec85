import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LabelledRows } from '../text/labelled-rows.ts';
import { joinRows, rowsInMemory } from '../text/rows.ts';
import { naiveBayes } from './classify.ts';
import { majority, majorityAccuracy, mostFrequent } from './majority.ts';
import { NaiveBayes } from './naive-bayes.ts';
import { cosine, TfIdf, wordsOf } from './tf-idf.ts';
import { bestThreshold, thresholdAccuracy } from './threshold.ts';

const near = (here: number, there: number) => assert.ok(Math.abs(here - there) < 1e-12, `${here} for ${there}`);

test('majority: the most frequent class of training, tested on the test split', () => {
  assert.equal(mostFrequent([1, 3, 3]), 1);
  // Training says class 1, of which the test split has 3 in 8.
  near(majorityAccuracy([4, 6], [5, 3]), 3 / 8);
});

test('naive Bayes by hand: 2-grams of two classes', () => {
  const model = new NaiveBayes({ classes: 2, vocabulary: 3, n: 2, smoothing: 0.5 });
  // Class 0: 01 twice, 10 once. Class 1: 02 once, 22 twice; 02 once. V = 4: 01, 10, 02, 22.
  model.train([0, 1, 0, 1], 0);
  model.train([0, 2, 2, 2], 1);
  model.train([0, 2], 1);
  const below = [3 + 0.5 * 4, 4 + 0.5 * 4];
  // 01, 12 (never seen), 22
  const [zero, one] = model.scores([0, 1, 2, 2]);
  near(zero, Math.log(1 / 3) + Math.log(2.5 / below[0]) + 2 * Math.log(0.5 / below[0]));
  near(one, Math.log(2 / 3) + 2 * Math.log(0.5 / below[1]) + Math.log(2.5 / below[1]));
  assert.equal(model.classify([0, 1, 0]), 0);
  assert.equal(model.classify([2, 2]), 1);
  // Without an n-gram the shares of the classes decide.
  assert.equal(model.classify([0]), 1);
});

test('naive Bayes on presence counts an n-gram once in a sequence', () => {
  const model = new NaiveBayes({ classes: 2, vocabulary: 2, n: 1, smoothing: 1, presence: true });
  model.train([0, 0, 0, 1], 0);
  model.train([1, 1], 1);
  // Class 0: 0 and 1 once each, of 2; class 1: 1 once, of 1; V = 2.
  const [zero, one] = model.scores([0, 0]);
  near(zero, Math.log(1 / 2) + Math.log(2 / 4));
  near(one, Math.log(1 / 2) + Math.log(1 / 3));
  assert.throws(
    () => new NaiveBayes({ classes: 2, vocabulary: 10_000, n: 4, smoothing: 1 }),
    /4-grams of 10000 tokens/,
  );
});

test('a dataset: trained on train, tested on test', async () => {
  const sequences = [[3, 4], [3, 3], [4, 4], [4, 4], [3], [3], [4], [4]];
  const data = new LabelledRows({
    ...{ id: 'toy', kind: 'real', description: '', length: 3, classes: 2, vocabulary: 5, padding: 0, end: 2 },
    ...{ sizes: { train: 4, validation: 1, test: 3 }, first: { train: 0, validation: 4, test: 5 } },
    ...{ rows: rowsInMemory(joinRows(sequences.map((row) => Uint8Array.from(row)))), checksum: '' },
    labels: [0, 0, 1, 1, 0, 0, 1, 0],
  });
  const seen: number[] = [];
  const progress = (done: number) => void seen.push(done);
  const found = await naiveBayes(data, { method: 'unigrams', n: 1, smoothing: 1, reference: 0.5 }, { progress });
  assert.deepEqual(found, { method: 'unigrams', metric: 'accuracy', value: 2 / 3, reference: 0.5 });
  assert.ok(seen.length > 0);
  assert.deepEqual(majority(data), { method: 'majority class', metric: 'accuracy', value: 2 / 3 });
  const stopped = naiveBayes(
    data,
    { method: '', n: 1, smoothing: 1 },
    { signal: AbortSignal.abort(new Error('stop')) },
  );
  await assert.rejects(stopped, /stop/);
});

test('words: runs of two or more letters or digits, in lower case', () => {
  assert.deepEqual(wordsOf("A Dog's 42nd Straße, o.k.?"), ['dog', '42nd', 'straße']);
  assert.deepEqual(wordsOf('. a !'), []);
});

test('TF-IDF by hand', () => {
  const model = new TfIdf();
  model.add(['war', 'peace', 'the', 'war']);
  model.add(['war', 'the']);
  model.add(['tax', 'the']);
  model.add(['tax', 'the', 'sea']);
  // "the" is everywhere and weighs nothing; "new" counts as if one document had it.
  const a = model.vector(['war', 'war', 'peace', 'the']);
  const b = model.vector(['peace', 'new', 'the']);
  const war = (1 + Math.log(2)) * Math.log(4 / 2);
  const peace = Math.log(4);
  const length = Math.hypot(war, peace);
  near(a.get('war') as number, war / length);
  near(a.get('the') as number, 0);
  near(cosine(a, b), (peace / length) * (peace / Math.hypot(peace, peace)));
  near(cosine(b, a), cosine(a, b));
  near(cosine(a, a), 1);
  assert.equal(model.vector(['the']).size, 0);
  assert.equal(cosine(a, model.vector([])), 0);
});

test('the best threshold lies midway between two values, or takes all or none', () => {
  const yes = [false, false, true, false, true, true];
  const values = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6];
  const { from, accuracy } = bestThreshold(values, yes);
  near(from, 0.25);
  near(accuracy, 5 / 6);
  near(thresholdAccuracy(from, values, yes), 5 / 6);
  assert.deepEqual(bestThreshold([1, 2], [true, true]), { from: Number.NEGATIVE_INFINITY, accuracy: 1 });
  assert.deepEqual(bestThreshold([1, 2], [false, false]), { from: Number.POSITIVE_INFINITY, accuracy: 1 });
  // Equal values cannot be told apart.
  near(bestThreshold([1, 1, 1], [true, false, true]).accuracy, 2 / 3);
  near(thresholdAccuracy(1, [1, 1, 1], [true, false, true]), 2 / 3);
});
