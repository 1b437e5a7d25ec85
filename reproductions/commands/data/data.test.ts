import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { content, type TestServer, testServer } from '../../data/download/test-server.ts';
import { Draws } from '../../data/draws.ts';
import { writePng } from '../../data/formats/png.ts';
import { type TarFile, writeTar } from '../../data/formats/tar-write.ts';
import { PathfinderGenerator } from '../../data/pathfinder/contours.ts';
import { lraSettings } from '../../data/pathfinder/settings.ts';

const cli = fileURLToPath(new URL('../../cli.ts', import.meta.url));
let folder = '';
let server: TestServer;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'longconv-data-'));
  server = await testServer();
});
after(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

interface Ended {
  code: number | null;
  out: string;
  err: string;
}

/** Runs `repro data`. Every unsafe address leads to the test's own server; nothing leaves this machine. */
function data(
  args: string[],
  started?: (kill: (signal: NodeJS.Signals) => void) => void,
  cache = join(folder, 'cache'),
): Promise<Ended> {
  const run = process.versions.bun ? [cli] : ['run', '-A', cli];
  const proxy = server.url('');
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    LONGCONV_CACHE: cache,
    ...{ http_proxy: proxy, HTTP_PROXY: proxy, https_proxy: proxy, HTTPS_PROXY: proxy, no_proxy: '', NO_PROXY: '' },
  };
  const child = spawn(process.execPath, [...run, 'data', ...args], { env });
  const result: Ended = { code: null, out: '', err: '' };
  child.stdout.on('data', (d) => {
    result.out += d;
  });
  child.stderr.on('data', (d) => {
    result.err += d;
  });
  started?.((signal) => process.kill(child.pid as number, signal));
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...result, code })));
}

/** The size of the IMDB archive: its published one. */
const imdb = 84_125_825;
const part = () => join(folder, 'cache', 'downloads', 'imdb', 'aclImdb_v1.tar.gz.part');

test('what cannot be understood is answered with what can', async () => {
  for (const [args, expected] of [
    [['lsit'], /no action "lsit"\. Did you mean "list"\?/],
    [['get'], /needs a dataset: cifar-10, fmri, imdb, lra/],
    [['get', 'imbd'], /no dataset "imbd"\. Did you mean "imdb"\?/],
    [['get', 'pathfinder32', '--only', 'hard'], /pathfinder32 is made here and has no parts: leave --only out/],
    [['get', 'imdb', '--only', 'review'], /no part of imdb "review"\. Did you mean "reviews"\?/],
    [['get', 'imdb', '--from', '/nowhere'], /--from \/nowhere is not there/],
    [['get', 'imdb', '--budget', '5'], /--budget 5: give a time with its unit/],
    [['list', '--budget', '5s'], /repro data list has no use for --budget/],
    [['verify', 'imdb', '--no-unpack'], /repro data verify has no use for --no-unpack/],
    [['baselines'], /needs a dataset: .*listops/],
  ] as [string[], RegExp][]) {
    const { code, out, err } = await data(args);
    assert.equal(code, 2, err);
    assert.match(err, expected);
    assert.equal(out, '');
  }
});

test('files where nobody reads them, and places that cannot be read, are one sentence', async () => {
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  const nothing = join(folder, 'nothing.jsonl');
  writeFileSync(nothing, '');
  const answers: [string[], number, RegExp][] = [
    [['baselines', 'listops', '--from', join(folder, 'absent')], 2, /--from .*absent is not there/],
    [['speed', 'majority', '--from', empty], 2, /majority is made here and reads no files: leave --from .* out/],
    [['verify', 'majority', '--from', empty], 2, /is a folder: give a file of JSON lines/],
    [['verify', 'text-spamham', '--from', empty], 2, /text-spamham .*there are no files to read/],
    [['verify', 'brown-wt', '--from', empty], 3, /wiki.train.raw is not there/],
    [['speed', 'pile', '--from', nothing], 3, /has neither val.jsonl.zst nor val.jsonl/],
    [['verify', 'pile', '--from', nothing], 1, /there are no documents in it/],
    [['verify', 'listops', '--from', nothing], 1, /the first line must be/],
  ];
  for (const [args, code, sentence] of answers) {
    const ended = await data(args);
    assert.equal(ended.code, code, args.join(' ') + ended.err);
    assert.match(ended.err, sentence);
    assert.doesNotMatch(ended.err, /should not happen/);
  }
});

test('Ctrl-C ends with 130 and --budget with 75; both keep what has arrived, and the next run goes on', async () => {
  let interrupt = () => {};
  const bytes = content(64 << 10);
  const serve = (then: () => void) =>
    server.answer((req, res) => {
      const from = Number(/^bytes=(\d+)-$/.exec(String(req.headers.range ?? ''))?.[1] ?? 0);
      const part = from ? { 'content-range': `bytes ${from}-${imdb - 1}/${imdb}` } : {};
      res.writeHead(from ? 206 : 200, { 'content-length': imdb - from, etag: '"v1"', ...part });
      res.write(from ? bytes.fill(7) : bytes, () => setTimeout(then, 300));
    });
  serve(() => interrupt());
  const first = await data(['get', 'imdb'], (kill) => {
    interrupt = () => kill('SIGINT');
  });
  assert.equal(first.code, 130, first.err);
  assert.match(
    first.err,
    /stopping: what has arrived is kept.*\n.*interrupted: what has arrived is kept in .*goes on from there/s,
  );
  assert.equal(statSync(part()).size, 64 << 10);
  assert.equal(existsSync(part().replace('.part', '.lock')), false);
  serve(() => {});
  const second = await data(['get', 'imdb', '--budget', '3s']);
  assert.equal(second.code, 75, second.err);
  assert.match(second.err, /going on after 64 KiB[\s\S]*the budget is used up: what has arrived is kept/);
  assert.equal(server.asked[0].range, `bytes=${64 << 10}-`);
  assert.equal(statSync(part()).size, 128 << 10);
  const listed = await data(['list', 'imdb']);
  assert.match(listed.out, /imdb .* partial: 128 KiB \(0 %\)/);
});

test('a server that refuses ends with 3, the reason, and what to do next', async () => {
  server.answer((_, res) => res.writeHead(403).end());
  const { code, err, out } = await data(['get', 'imdb']);
  assert.equal(code, 3, err);
  assert.equal(out, '');
  assert.match(err, /ai\.stanford\.edu refuses access: the file has been closed to the public.*\(HTTP 403\)/);
  assert.match(err, /With the file at hand: repro data get imdb --from <its folder>/);
});

test('files at hand: taken, listed, verified, and held to their first copy from then on', async () => {
  const at = join(folder, 'at-hand');
  mkdirSync(at);
  const missing = await data(['get', 'lra', '--from', at]);
  assert.equal(missing.code, 3);
  assert.match(missing.err, /lra_release\.gz is not in .*at-hand, nor in .*at-hand\/lra/);
  assert.equal((await data(['verify', 'lra'])).code, 3);
  writeFileSync(join(at, 'lra_release.gz'), content(5000));
  const taken = await data(['get', 'lra', '--from', at, '--no-unpack', '--json']);
  assert.equal(taken.code, 0, taken.err);
  const { files, failed } = JSON.parse(taken.out);
  assert.deepEqual(failed, []);
  assert.equal(files[0].trust, 'first use');
  assert.ok(existsSync(files[0].path));
  assert.match((await data(['list', 'lra'])).out, /lra .* release \(usual\) .* have, not unpacked /);
  const verified = await data(['verify', 'lra']);
  assert.equal(verified.code, 0, verified.err);
  assert.match(verified.out, /lra lra_release\.gz: 4\.88 KiB: agrees with the first copy/);
  rmSync(files[0].path);
  writeFileSync(files[0].path, content(5000, 2));
  const wrong = await data(['verify', 'lra']);
  assert.equal(wrong.code, 1);
  assert.match(wrong.out, /WRONG: its sha256 is .* that of the first copy was/);
});

test('generated data is verified against the published generator, and a wrong label is found and named', async () => {
  const fixture = fileURLToPath(new URL('../../data/fixtures/listops-samples.tsv', import.meta.url));
  const right = await data(['verify', 'listops', '--from', fixture, '--json']);
  assert.equal(right.code, 0, right.err);
  const [{ comparisons }] = JSON.parse(right.out).samples;
  assert.ok(comparisons.length > 5 && comparisons.every((c: { holds: boolean }) => c.holds));
  const rows = readFileSync(fixture, 'utf8').trimEnd().split(/\r?\n/);
  const last = rows[30].split('\t');
  rows[30] = `${last[0]}\t${(Number(last[1]) + 1) % 10}`;
  const forged = join(folder, 'forged.tsv');
  writeFileSync(forged, `${rows.join('\n')}\n`);
  const wrong = await data(['verify', 'listops', '--from', forged]);
  assert.equal(wrong.code, 1, wrong.err);
  assert.match(wrong.out, /forged\.tsv, row 30: the expression has the value \d, its label says \d/);
  const made = await data(['verify', 'listops']);
  assert.equal(made.code, 0, made.out);
  assert.match(made.out, /labels under \[MED .* agrees/);
});

test('what is needed of an archive, in a folder beside it; one that wants out of it is refused', async () => {
  const at = join(folder, 'archives');
  const cache = join(folder, 'unpacked');
  mkdirSync(at);
  const text = (s: string) => new TextEncoder().encode(s);
  const put = (files: TarFile[]) => writeFileSync(join(at, 'lra_release.gz'), gzipSync(writeTar(files)));
  const good = [
    { path: 'lra_release/listops-1000/basic_val.tsv', bytes: text('Source\tTarget\n3\t3\n') },
    { path: 'lra_release/pathfinder32/curv_baseline/imgs/0/sample_0.png', bytes: text('easy') },
    { path: 'lra_release/pathfinder32/curv_contour_length_14/metadata/0.npy', bytes: text('hard') },
  ];
  put([...good, { path: 'lra_release/listops-1000/../../../outside', bytes: text('out') }]);
  const bad = await data(['get', 'lra', '--from', at], undefined, cache);
  assert.equal(bad.code, 3, bad.err);
  assert.match(bad.err, /outside.*the archive cannot be unpacked/);
  assert.deepEqual(readdirSync(join(cache, 'downloads', 'lra')).sort(), ['lra_release.gz', 'lra_release.gz.json']);
  assert.equal(existsSync(join(folder, 'outside')) || existsSync(join(cache, 'outside')), false);
  rmSync(cache, { recursive: true });
  put(good);
  const { code, out, err } = await data(['get', 'lra', '--from', at], undefined, cache);
  assert.equal(code, 0, err);
  const unpacked = out.trim();
  assert.equal(unpacked, join(cache, 'downloads', 'lra', 'lra_release'));
  assert.ok(existsSync(join(unpacked, good[0].path)) && existsSync(join(unpacked, good[2].path)));
  assert.equal(existsSync(join(unpacked, good[1].path)), false, 'the easy level is not read by anybody');
});

test('a folder of Pathfinder images is verified; images of another kind are found out', async () => {
  const generator = new PathfinderGenerator(lraSettings[32]);
  const write = (name: string, change: (pixels: Uint8Array) => Uint8Array) => {
    const level = join(folder, name, 'curv_contour_length_14');
    mkdirSync(join(level, 'imgs', '0'), { recursive: true });
    mkdirSync(join(level, 'metadata'));
    const draws = new Draws(3, 'test');
    const lines = Array.from({ length: 300 }, (_, i) => {
      const { pixels, label } = generator.draw(draws.start(i));
      const image = writePng({ width: 32, height: 32, channels: 1, data: change(pixels) });
      writeFileSync(join(level, 'imgs', '0', `sample_${i}.png`), i === 7 ? new Uint8Array(0) : image);
      return `imgs/0 sample_${i}.png ${i} ${label} 1.0 14 4 2 0.5 1 1`;
    });
    writeFileSync(join(level, 'metadata', '0.npy'), `${lines.join('\n')}\n`);
    return join(folder, name);
  };
  const right = await data(['verify', 'pathfinder32', '--from', write('right', (pixels) => pixels.slice())]);
  assert.equal(right.code, 0, right.out + right.err);
  assert.match(right.out, /299 of the 300 images .*, 1 of them empty/);
  const wrong = await data(['verify', 'pathfinder32', '--from', write('dim', (p) => p.map((v) => v >> 1))]);
  assert.equal(wrong.code, 1, wrong.err);
  assert.match(wrong.out, /mean grey level .* DISAGREES/);
  const size = await data(['verify', 'pathfinder64', '--from', join(folder, 'right')]);
  assert.equal(size.code, 1);
  assert.match(size.err, /the image is 32 x 32, not 64 x 64/);
  assert.equal((await data(['verify', 'pathfinder32', '--from', folder])).code, 3);
});
