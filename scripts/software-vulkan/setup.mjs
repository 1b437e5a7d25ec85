#!/usr/bin/env node
/**
 * Builds build/software-vulkan: a driver that lets WebGPU run on the CPU (Mesa's lavapipe behind shim.c), for
 * tests on machines without a GPU. Prints the environment that selects it; LONGCONV_SOFTWARE_VULKAN=1 does the
 * same from inside longconv. It is never picked by itself, and its times are never shown as a GPU's.
 *
 * Needs Debian's `mesa-vulkan-drivers libvulkan1` and gcc. Exit 3 with one sentence when they are missing.
 *
 *   node scripts/software-vulkan/setup.mjs [--quiet]
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '..', '..');
const out = join(root, 'build', 'software-vulkan');
const quiet = process.argv.includes('--quiet');

function give(sentence) {
  console.error(`software-vulkan: ${sentence}`);
  process.exit(3);
}

/** lavapipe's own driver description: where its library is and which Vulkan version it speaks. */
function findLavapipe() {
  for (const folder of ['/usr/share/vulkan/icd.d', '/usr/local/share/vulkan/icd.d', '/etc/vulkan/icd.d']) {
    if (!existsSync(folder)) continue;
    for (const file of readdirSync(folder).filter((f) => f.startsWith('lvp_icd'))) {
      const { ICD } = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      if (!isAbsolute(ICD.library_path) || existsSync(ICD.library_path)) return ICD;
    }
  }
  return null;
}

/** The loader refuses Vulkan 1.3 calls to a driver that announces less; lavapipe's own file is out of date there. */
function apiVersion(announced) {
  const [major, minor, patch] = announced.split('.').map(Number);
  return major === 1 && minor < 3 ? `1.3.${patch}` : announced;
}

function newer(target, ...sources) {
  return existsSync(target) && sources.every((s) => statSync(target).mtimeMs >= statSync(s).mtimeMs);
}

function compile(source, target, ...flags) {
  if (newer(target, source, fileURLToPath(import.meta.url))) return;
  const cc = process.env.CC ?? 'gcc';
  try {
    execFileSync(cc, ['-std=c11', '-O2', '-Wall', '-shared', '-fPIC', ...flags, '-o', target, source, '-ldl'], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  } catch (e) {
    give(e.code === 'ENOENT' ? `there is no ${cc}: install gcc, or set CC` : `${cc} could not build ${source}`);
  }
}

const lavapipe = findLavapipe();
if (!lavapipe) give('lavapipe is not installed: run "apt-get install mesa-vulkan-drivers libvulkan1" (Debian)');
const runtime = join(out, 'runtime');
mkdirSync(runtime, { recursive: true, mode: 0o700 });
const library = join(out, 'libvulkan_longconv.so');
compile(join(here, 'shim.c'), library, `-DLAVAPIPE="${lavapipe.library_path}"`);
const icd = join(out, 'icd.json');
const description = {
  file_format_version: '1.0.0',
  ICD: { library_path: library, api_version: apiVersion(lavapipe.api_version) },
};
writeFileSync(icd, `${JSON.stringify(description, null, 2)}\n`);
if (!quiet) {
  console.log(`export VK_ICD_FILENAMES=${icd}`);
  console.log(`export XDG_RUNTIME_DIR=${runtime}`);
  console.log('export LONGCONV_SOFTWARE_VULKAN=1');
}
