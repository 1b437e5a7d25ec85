#!/usr/bin/env node
// Builds the native addon with plain g++ (or $CXX): no node-gyp, no download.
//
// Every kernel file (ops/*/cpu.cc and native/*-kernels.cc) becomes one translation unit per instruction set; the rest
// (native/*.cc, and routines: reproductions/data/*/*.cc) is compiled once for the baseline. Objects are kept in build/ and rebuilt when the source, a header, the
// command or the compiler changed. Usage: node kernels/native/build.mjs [--target aarch64] [--quiet]
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { routineFolders, sourcesHash } from './sources.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const require = createRequire(import.meta.url);
const args = process.argv.slice(2);
const target = args.includes('--target')
  ? args[args.indexOf('--target') + 1]
  : process.arch === 'arm64'
    ? 'aarch64'
    : 'x86_64';
const quiet = args.includes('--quiet');
const say = (line) => quiet || process.stderr.write(`${line}\n`);

const native = target === (process.arch === 'arm64' ? 'aarch64' : 'x86_64');
const cxx = process.env.CXX ?? (native ? 'g++' : `${target}-linux-gnu-g++`);
const out = join(root, 'build', target);
const isas =
  target === 'x86_64'
    ? { base: [], avx2: ['-march=x86-64-v3'], avx512: ['-march=x86-64-v4', '-mprefer-vector-width=512'] }
    : { base: [] };

// How hard the compiler works: the whole build is to take half a minute on two cores.
//
// x86-64's baseline is for machines without AVX2: -O1, compiled for correctness and a short build.
// AVX2, and the baseline of other processors: `brisk`. -O2 alone leaves short loops over arrays of vectors rolled, so
// that accumulators live in memory (panel-product.h: 2 to 3 times slower), and vectorises only what needs no
// remainder (sums over contiguous axes: 1.8 times slower); the two options give back both for 10 % of the time.
// AVX-512 is what speed is judged by: -O3, but for the long files below, whose loops are vectors by hand. They take 0.6
// of the time to compile, and their kernels are as fast (whole calls, one thread, builds taking turns).
// Not so: s4-kernel, s4d-kernel, dss-kernel, attention-kernels, ema-kernel, reduce and others, which lose 5 % or more
// (plain `-O2`: half their speed).
const brisk = ['-O2', '-fpeel-loops', '-fvect-cost-model=dynamic'];
const byHand = new Set([
  'butterfly-transform',
  'chunk-attention',
  'diagonal-scan',
  'fft-conv',
  'gemm-kernels',
  'kernel-attention',
  'lsh-attention',
  'matrix-transform-kernels',
  'permute',
  'unary',
  'wkv',
]);
const effort = (name, isa) => {
  if (target === 'x86_64' && isa === 'base') return ['-O1'];
  return isa === 'avx512' && !byHand.has(name) ? ['-O3'] : brisk;
};

let compiler;
try {
  compiler = execFileSync(cxx, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).split('\n')[0];
} catch {
  const pkg = native ? 'g++' : `g++-${target}-linux-gnu`;
  process.stderr.write(
    `longconv: no C++ compiler (${cxx}): install it with "apt-get install ${pkg}" (or your system's equivalent), then run "npm run build".\n`,
  );
  process.exit(1);
}

const napi = [
  dirname(require.resolve('node-addon-api/package.json')),
  join(dirname(require.resolve('node-api-headers/package.json')), 'include'),
];
const common = [
  '-std=c++20',
  '-fPIC',
  '-pthread',
  '-fno-math-errno',
  '-fno-trapping-math',
  '-ffp-contract=fast',
  '-fvisibility=hidden',
  '-Wall',
  '-Wextra',
  '-Wno-psabi',
  `-I${here}`,
];
const listed = readdirSync(here);
const ops = join(root, 'kernels', 'ops');
const opFiles = readdirSync(ops)
  .map((op) => join(ops, op, 'cpu.cc'))
  .filter((f) => existsSync(f));
const kernelFiles = [...listed.filter((f) => f.endsWith('-kernels.cc')).map((f) => join(here, f)), ...opFiles];
const hostFiles = listed.filter((f) => f.endsWith('.cc') && !f.endsWith('-kernels.cc')).map((f) => join(here, f));
const routineFiles = routineFolders().flatMap((folder) =>
  readdirSync(folder)
    .filter((f) => f.endsWith('.cc'))
    .map((f) => join(folder, f)),
);
// Headers are few: any change to one of them rebuilds what lies in the folders that can see it.
const headersIn = (dir) =>
  readdirSync(dir)
    .filter((f) => /\.(h|inc)$/.test(f))
    .map((f) => join(dir, f));
const text = (f) => readFileSync(f, 'utf8');
const shared = headersIn(here).map(text).join('\0');

/** `fft-conv` of ops/fft-conv/cpu.cc, `gemm-kernels` of native/gemm-kernels.cc. */
const kernelName = (src) => basename(dirname(src) === here ? src : dirname(src), '.cc');

const units = [];
for (const src of kernelFiles)
  for (const [isa, flags] of Object.entries(isas))
    units.push({
      src,
      isa,
      flags: [
        ...common,
        ...effort(kernelName(src), isa),
        ...flags,
        '-fno-exceptions',
        '-fno-rtti',
        `-DLONGCONV_ISA=${isa}`,
      ],
    });
for (const src of hostFiles)
  units.push({
    src,
    isa: 'host',
    flags: [...common, '-O1', '-DNAPI_VERSION=8', '-DNAPI_CPP_EXCEPTIONS', ...napi.map((d) => `-isystem${d}`)],
  });
// A routine does in float64 what JavaScript does: no contraction.
for (const src of routineFiles)
  units.push({
    src,
    isa: 'host',
    flags: [
      ...common,
      ...['-O2', '-ffp-contract=off', '-fno-exceptions', '-fno-rtti', '-DNAPI_VERSION=8'],
      ...napi.map((d) => `-isystem${d}`),
    ],
  });

mkdirSync(out, { recursive: true });
for (const u of units) {
  const name = relative(root, u.src)
    .replace(/^kernels./, '')
    .replace(/[/\\]/g, '_')
    .replace(/\.cc$/, '');
  const dir = dirname(u.src);
  const hash = createHash('sha256');
  for (const part of [
    compiler,
    cxx,
    u.flags.join(' ').replaceAll(root, ''), // a copy of the folder keeps its objects
    text(u.src),
    shared,
    ...(dir === here ? [] : headersIn(dir).map(text)),
  ])
    hash.update(part).update('\0');
  u.obj = join(out, `${name}.${u.isa}.${hash.digest('hex').slice(0, 16)}.o`);
  u.stem = `${name}.${u.isa}.`;
}

// Taken before compiling: a file that changes meanwhile makes the build stale.
const sources = sourcesHash();
const t0 = Date.now();
const todo = units.filter((u) => !existsSync(u.obj));
// The slowest first, so that no core waits at the end for a long one: size is a fair guess.
todo.sort((a, b) => statSync(b.src).size - statSync(a.src).size);
let failed = null;
const compile = (u) =>
  new Promise((resolve) => {
    const part = `${u.obj}.${process.pid}.part`;
    execFile(cxx, [...u.flags, '-c', u.src, '-o', part], { maxBuffer: 1 << 26 }, (err, _stdout, stderr) => {
      if (stderr) process.stderr.write(stderr);
      if (err) failed ??= u;
      else {
        for (const f of readdirSync(out))
          if (f.startsWith(u.stem) && f.endsWith('.o')) rmSync(join(out, f), { force: true });
        renameSync(part, u.obj);
      }
      resolve();
    });
  });
const queue = [...todo];
await Promise.all(
  Array.from({ length: Math.max(1, availableParallelism()) }, async () => {
    for (let u = queue.shift(); u && !failed; u = queue.shift()) await compile(u);
  }),
);
if (failed) {
  process.stderr.write(
    `longconv: ${relative(root, failed.src)} did not compile (${failed.isa}); the messages above are the compiler's.\n`,
  );
  process.exit(1);
}

const addon = join(out, 'longconv.node');
const stamp = join(out, 'longconv.link');
const inputs = units
  .map((u) => u.obj)
  .sort()
  .join('\n');
if (todo.length || !existsSync(addon) || !existsSync(stamp) || text(stamp) !== inputs) {
  const part = `${addon}.${process.pid}.part`;
  try {
    execFileSync(cxx, ['-shared', '-pthread', ...units.map((u) => u.obj), '-o', part, '-ldl'], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  } catch {
    process.stderr.write("longconv: the addon did not link; the messages above are the linker's.\n");
    process.exit(1);
  }
  renameSync(part, addon);
  writeFileSync(stamp, inputs);
  say(
    `longconv: built ${relative(root, addon)} (${todo.length} of ${units.length} units) in ${((Date.now() - t0) / 1000).toFixed(1)} s with ${compiler}`,
  );
}
writeFileSync(join(out, 'longconv.sources'), `${sources}\n`);
