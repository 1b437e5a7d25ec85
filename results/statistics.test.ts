import assert from 'node:assert/strict';
import test from 'node:test';
import {
  incompleteBeta,
  median,
  ratioOf,
  studentProbability,
  studentQuantile,
  tInterval,
  timeOf,
  unpairedRatio,
} from './statistics.ts';

const close = (got: number, want: number, tolerance = 1e-9) =>
  assert.ok(Math.abs(got - want) <= tolerance * Math.max(1, Math.abs(want)), `${got} is not ${want}`);

test("Student's t quantiles match the printed tables", () => {
  // p = 0.975
  close(studentQuantile(0.975, 1), 12.706204736432095, 1e-10);
  close(studentQuantile(0.975, 2), 4.302652729911275, 1e-10);
  close(studentQuantile(0.975, 4), 2.776445105197793, 1e-10);
  close(studentQuantile(0.975, 9), 2.262157162740992, 1e-10);
  close(studentQuantile(0.975, 30), 2.042272456301238, 1e-10);
  close(studentQuantile(0.025, 9), -2.262157162740992, 1e-10);
  close(studentQuantile(0.995, 5), 4.032142983557536, 1e-10);
});

test('the t distribution with one degree of freedom is the Cauchy distribution', () => {
  for (const x of [-3, -0.2, 0, 0.7, 12]) close(studentProbability(x, 1), 0.5 + Math.atan(x) / Math.PI, 1e-13);
});

test('the incomplete beta function has its closed forms', () => {
  close(incompleteBeta(0.3, 1, 1), 0.3, 1e-13);
  close(incompleteBeta(0.25, 2, 3), 6 * 0.25 ** 2 - 8 * 0.25 ** 3 + 3 * 0.25 ** 4, 1e-13);
  close(incompleteBeta(0.9, 0.5, 0.5), (2 / Math.PI) * Math.asin(Math.sqrt(0.9)), 1e-12);
});

test('median of odd and even counts; nothing has no median', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.throws(() => median([]), RangeError);
});

test('a t interval over five numbers', () => {
  const i = tInterval([1, 2, 3, 4, 5]);
  close(i.estimate, 3);
  close(i.high as number, 3 + (2.776445105197793 * Math.sqrt(2.5)) / Math.sqrt(5), 1e-10);
  assert.deepEqual(tInterval([7]), { estimate: 7, low: null, high: null });
});

test('time is the geometric mean of round medians, and the ratio is the quotient of times', () => {
  const a = [[2, 2, 9], [8], [4, 4]];
  const b = [[1], [2, 2, 2], [4]];
  close(timeOf(a).estimate, 4);
  close(ratioOf(a, b).estimate, timeOf(a).estimate / timeOf(b).estimate, 1e-14);
  const r = ratioOf(a, b);
  assert.ok((r.low as number) < r.estimate && r.estimate < (r.high as number));
});

test('a common disturbance of a round does not move the ratio', () => {
  const a = [[2], [200], [2]];
  const b = [[1], [100], [1]];
  const r = ratioOf(a, b);
  close(r.estimate, 2);
  close(r.low as number, 2);
  close(r.high as number, 2);
});

test('rounds that one side lacks are left out', () => {
  close(ratioOf([[3], [], [5]], [[1], [1]]).estimate, 3);
});

test("Welch's interval of two runs", () => {
  const rounds = (logs: number[]) => logs.map((x) => [Math.exp(x)]);
  // Means 3 and 2, variances 2.5 and 1, sizes 5 and 3: df = (0.5 + 1/3)^2 / (0.25/4 + (1/9)/2) = 5.882...
  const r = unpairedRatio(rounds([1, 2, 3, 4, 5]), rounds([1, 2, 3]));
  const half = studentQuantile(0.975, (0.5 + 1 / 3) ** 2 / (0.25 / 4 + 1 / 9 / 2)) * Math.sqrt(0.5 + 1 / 3);
  close(r.estimate, Math.E, 1e-12);
  close(Math.log(r.high as number), 1 + half, 1e-12);
  close(Math.log(r.low as number), 1 - half, 1e-12);
  assert.deepEqual(unpairedRatio([[3]], [[1], [1]]), {
    estimate: unpairedRatio([[3]], [[1]]).estimate,
    low: null,
    high: null,
  });
});
