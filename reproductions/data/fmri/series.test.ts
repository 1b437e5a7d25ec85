/** The real layout, written small: found, split, indexed, read by position. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Loader } from '../../train/loader.ts';
import { holds } from '../comparison.ts';
import { splitNames } from '../dataset.ts';
import { readFmriTar } from '../formats/fmri-run.ts';
import { pickleFloat32, pickleFloat32Array } from '../formats/pickle-write.ts';
import { pickles, unhex } from '../formats/samples.ts';
import { writeTar } from '../formats/tar-write.ts';
import { findRuns } from './files.ts';
import { indexRuns } from './index-runs.ts';
import { fmriBaselines } from './measure.ts';
import { openFmri } from './open.ts';
import { verifyFmri } from './verify.ts';

let folder = '';
const previous = process.env.LONGCONV_CACHE;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-fmri-'));
  process.env.LONGCONV_CACHE = join(folder, 'cache');
});
after(() => {
  rmSync(folder, { recursive: true });
  if (previous === undefined) delete process.env.LONGCONV_CACHE;
  else process.env.LONGCONV_CACHE = previous;
});

const REGIONS = 5;
/** Recognisable values: step + region / 8 + run / 64. */
const markOf = (run: number, step: number, region: number): number => step + region / 8 + run / 64;

function writeRun(at: string, name: string, bold: Uint8Array, time: Uint8Array): string {
  mkdirSync(at, { recursive: true });
  const path = join(at, `${name}.tar`);
  const files = [
    { path: `${name}.bold.pyd`, bytes: bold },
    { path: `${name}.t_r.pyd`, bytes: time },
  ];
  writeFileSync(path, writeTar(files));
  return path;
}

/** Two sets, `data/upstream/<set>/...`. */
function writeLayout(root: string, regions = REGIONS): void {
  let run = 0;
  for (const [set, count, time] of [
    ['ds000003', 6, 2],
    ['ds000009', 45, 0.72],
  ] as const)
    for (let i = 0; i < count; i++, run++) {
      const steps = 40 + run;
      const z = Float32Array.from({ length: steps * regions }, (_, n) =>
        markOf(run, Math.floor(n / regions), n % regions),
      );
      const name = `ds-${set}_sub-${String(i).padStart(2, '0')}_task-rest_run-1`;
      writeRun(join(root, 'data', 'upstream', set), name, pickleFloat32Array(z, [steps, regions]), pickleFloat32(time));
    }
}

test('windows hold the steps of their runs, zeros behind them, time stamps and a hidden step', async () => {
  const root = join(folder, 'plain');
  writeLayout(root);
  const data = await openFmri({ folder: root });
  assert.deepEqual(data.sizes, { train: 47, validation: 2 * 32, test: 2 * 32 });
  assert.deepEqual([data.kind, data.regions, data.length, data.stamps], ['real', REGIONS, 50, 1501]);
  const names = splitNames.flatMap((split) => data.runs[split].map(({ name }) => name));
  assert.equal(new Set(names).size, 51);
  for (const split of splitNames) {
    const indices = [0, 7, data.sizes[split] - 1];
    const { x, times, lengths, hidden, B, L } = data.batch(split, indices, 3);
    assert.deepEqual([B, L, x.length], [3, 50, 3 * 50 * REGIONS]);
    indices.forEach((index, b) => {
      const { run, start, length } = data.window(split, index, 3);
      assert.equal(lengths[b], length);
      assert.ok(hidden[b] >= 1 && hidden[b] < length && start + length <= run.steps);
      const number = Number(/sub-(\d+)/.exec(run.name)![1]) + (run.name.includes('ds000009') ? 6 : 0);
      for (let t = 0; t < L; t++) {
        const seconds = t < length ? t * Math.fround(run.repetitionTime) : 0;
        assert.equal(times[b * L + t], Math.round(seconds / 0.2));
        for (let r = 0; r < REGIONS; r++)
          assert.equal(x[(b * L + t) * REGIONS + r], t < length ? markOf(number, start + t, r) : 0);
      }
    });
  }
  const again = await openFmri({ folder: join(root, 'data', 'upstream') });
  assert.equal(again.checksum, data.checksum);
  assert.notDeepEqual(data.batch('train', [0, 1, 2], 0), data.batch('train', [0, 1, 2], 1));
  assert.deepEqual(data.batch('test', [0, 1, 2], 0), data.batch('test', [0, 1, 2], 1));
  const other = await openFmri({ folder: root, seed: 1 });
  assert.notEqual(other.checksum, data.checksum);
  const fewer = await openFmri({ folder: root, sizes: { train: 8, test: 3 } });
  assert.deepEqual(fewer.sizes, { train: 8, validation: 64, test: 3 });
  assert.deepEqual(fewer.batch('test', [2]), data.batch('test', [2]));
  assert.throws(() => fewer.batch('test', [3]), /there is no sample 3 in test, which has 3/);
  await assert.rejects(
    openFmri({ folder: root, sizes: { train: 48 } }),
    /train split can have 1 to 47 windows, not 48/,
  );
  const loader = new Loader(fewer);
  const request = { split: 'train', indices: Int32Array.of(7, 0), epoch: 4 } as const;
  assert.deepEqual(await loader.get(request), data.batch('train', [7, 0], 4));
  loader.close();
});

test('what numpy wrote in other ways is read all the same', async () => {
  const root = join(folder, 'forms');
  const whole: Record<string, Uint8Array> = {};
  for (const form of ['array2', 'array4', 'array5', 'fortran4'] as const) whole[form] = unhex(pickles[form]);
  for (const [form, bytes] of Object.entries(whole))
    writeRun(join(root, form), `ds-${form}_sub-1_task-x`, bytes, unhex(pickles.scalar4));
  const runs = await indexRuns(findRuns(root));
  const { RunReader } = await import('./read-run.ts');
  const reader = new RunReader();
  for (const run of runs) {
    const plain = !/array2|fortran4/.test(run.name);
    assert.equal(run.dataAt !== null, plain, run.name);
    assert.deepEqual([run.steps, run.regions, run.repetitionTime], [2, 3, 2]);
    const [sample] = await readFmriTar(run.file);
    assert.deepEqual([...reader.readAll(run)], [...sample.bold.values]);
    const last = new Float32Array(3);
    reader.read(run, 1, 1, last, 0);
    assert.deepEqual([...last], [...sample.bold.values.subarray(3)]);
  }
});

test('what is not a run is refused by name', async () => {
  const at = join(folder, 'bad');
  const good = pickleFloat32Array(new Float32Array(6), [3, 2]);
  const cases: [string, Uint8Array, Uint8Array, RegExp][] = [
    ['long', good, pickleFloat32(7), /repetition time is 7 s: the table of time stamps ends at 300 s/],
    ['flat', pickleFloat32(1), pickleFloat32(2), /dtype f4 and 0 axes, not f4 and \(time, networks\)/],
    ['short', pickleFloat32Array(new Float32Array(2), [1, 2]), pickleFloat32(2), /a run of 1 steps of 2 networks/],
    ['cut', good.subarray(0, 100), pickleFloat32(2), /ds-cut_sub-1_task-x.tar.*byte \d+/],
  ];
  for (const [name, bold, time, message] of cases) {
    const path = writeRun(join(at, name), `ds-${name}_sub-1_task-x`, bold, time);
    await assert.rejects(indexRuns(findRuns(path)), message);
  }
  const empty = join(at, 'empty.tar');
  writeFileSync(empty, writeTar([{ path: 'README', bytes: Buffer.from('x') }]));
  assert.throws(() => findRuns(empty), /not named ds-<set>_sub-<id>/);
  const nothing = join(at, 'ds-none_sub-1_task-x.tar');
  writeFileSync(nothing, writeTar([{ path: 'README', bytes: Buffer.from('x') }]));
  await assert.rejects(indexRuns(findRuns(nothing)), /holds no <key>.bold.pyd and <key>.t_r.pyd/);
  assert.throws(() => findRuns(join(folder, 'absent')), /is not there/);
  mkdirSync(join(folder, 'hollow'));
  assert.throws(() => findRuns(join(folder, 'hollow')), /has no <set>\/<run>.tar/);
  await assert.rejects(openFmri({}), /git clone --depth 1 https:\/\/github.com\/athms\/learning-from-brains/);
  writeRun(join(folder, 'two', 'a'), 'ds-a_sub-1_task-x', good, pickleFloat32(2));
  await assert.rejects(openFmri({ folder: join(folder, 'two') }), /leave none for train/);
});

test('simulated runs are not taken for recordings', async () => {
  const root = join(folder, 'simulated');
  writeLayout(root);
  const z = new Float32Array(40 * REGIONS);
  const bold = pickleFloat32Array(z, [40, REGIONS]);
  const at = join(root, 'data', 'upstream', 'boldsim');
  writeRun(at, 'ds-boldsim_sub-000000_task-rest_run-1', bold, pickleFloat32(2));
  await assert.rejects(openFmri({ folder: root }), /boldsim.*\.tar: this run was simulated.*ask for bold-sim/);
});

test('a changed file is indexed again', async () => {
  const at = join(folder, 'changed');
  const write = (steps: number) =>
    writeRun(at, 'ds-a_sub-1_task-x', pickleFloat32Array(new Float32Array(steps * 2), [steps, 2]), pickleFloat32(2));
  write(30);
  assert.equal((await indexRuns(findRuns(at)))[0].steps, 30);
  write(31);
  assert.equal((await indexRuns(findRuns(at)))[0].steps, 31);
});

test('verify: z-scored runs agree, others are counted and named', async () => {
  const root = join(folder, 'scored');
  const name = 'ds-ds000003_sub-01_task-rest';
  /** 1024 networks of 60 steps that are +1 and -1 in turn. */
  const z = Float32Array.from({ length: 60 * 1024 }, (_, n) => ((Math.floor(n / 1024) + n) % 2 ? 1 : -1));
  const write = () => writeRun(join(root, 'ds000003'), name, pickleFloat32Array(z, [60, 1024]), pickleFloat32(2));
  write();
  const sound = await verifyFmri({ from: root });
  assert.ok(sound.rows.every(holds), JSON.stringify(sound.rows));
  assert.deepEqual(sound.complaints, []);
  const of = (rows: typeof sound.rows, quantity: RegExp) => rows.find((row) => quantity.test(row.quantity))!;
  assert.equal(of(sound.rows, /^people/).here, 1);
  for (let t = 0; t < 60; t++) {
    z[t * 1024] = 0; // silent
    z[t * 1024 + 1] += 0.5;
    z[t * 1024 + 2] *= 2;
  }
  z[3] = Number.NaN;
  write();
  const broken = await verifyFmri({ from: root });
  assert.equal(of(broken.rows, /not finite/).here, 1);
  assert.equal(of(broken.rows, /0 throughout/).here, 1);
  assert.equal(of(broken.rows, /with a mean/).here, 2); // the shifted one and the one with NaN
  assert.equal(of(broken.rows, /standard deviation/).here, 2);
  assert.match(broken.complaints[0], new RegExp(`${name}.tar`));
  for (const copy of ['02', '03', '04'])
    writeRun(join(root, 'ds000003'), name.replace('01', copy), pickleFloat32Array(z, [60, 1024]), pickleFloat32(2));
  await assert.rejects(openFmri({ folder: root }), /_task-rest.tar: 1 of its values are not finite/);
  await assert.rejects(verifyFmri({}), /--from <a clone of/);
});

test('baselines of real recordings: a ramp is one off its last value', async () => {
  const root = join(folder, 'plain');
  writeLayout(root);
  const baselines = await fmriBaselines(await openFmri({ folder: root }), {});
  assert.deepEqual(
    baselines.map(({ metric }) => metric),
    ['MAE', 'MAE', 'MAE'],
  );
  assert.equal(baselines[1].value, 1);
  assert.ok(baselines[2].value < baselines[0].value);
});

const hasNumpy = spawnSync('python3', ['-c', 'import numpy']).status === 0;
test('Python reads a tar that is written here', { skip: !hasNumpy }, () => {
  const bold = pickleFloat32Array(Float32Array.of(1, 2, 3, 4, 5, 6.5), [2, 3]);
  const path = writeRun(join(folder, 'python'), 'ds-a_sub-1_task-x', bold, pickleFloat32(0.72));
  const program =
    'import pickle,sys,tarfile\nt=tarfile.open(sys.argv[1])\n' +
    'a,b=[pickle.load(t.extractfile(m)) for m in t.getmembers()]\n' +
    'print(t.getnames(),type(a).__name__,a.dtype,a.shape,a.tolist(),type(b).__name__,"%.8f"%b)';
  const said = execFileSync('python3', ['-c', program, path], { encoding: 'utf8' });
  assert.equal(
    said.trim(),
    "['ds-a_sub-1_task-x.bold.pyd', 'ds-a_sub-1_task-x.t_r.pyd'] " +
      'ndarray float32 (2, 3) [[1.0, 2.0, 3.0], [4.0, 5.0, 6.5]] float32 0.72000003',
  );
});
