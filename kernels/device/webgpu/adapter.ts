/**
 * Finds a WebGPU adapter: Dawn (npm `webgpu`) in Bun and Node, the built-in `navigator.gpu` in Deno.
 *
 * A software driver (llvmpipe, SwiftShader) is used only with LONGCONV_SOFTWARE_VULKAN=1, never because nothing
 * better was found. With that variable the driver of build/software-vulkan is selected, if it was built, by
 * setting VK_ICD_FILENAMES before the Vulkan loader starts.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadAddon } from '../../native/addon.ts';
import { DeviceUnavailableError } from '../device.ts';

const software = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'build', 'software-vulkan');
const setup = 'node scripts/software-vulkan/setup.mjs';
const install =
  'install the GPU\'s Vulkan driver (Debian: "apt-get install libvulkan1 mesa-vulkan-drivers", or the vendor\'s package); ' +
  `to run on the CPU instead, run "${setup}" and set LONGCONV_SOFTWARE_VULKAN=1`;

/** Dawn crashes when the object that `create` returned is collected: it is kept on globalThis. */
interface Kept {
  gpu: GPU;
  /** Options that it was made with. */
  options: string;
}
const keeper = globalThis as { longconvWebGpu?: Kept[] };

export interface FoundAdapter {
  adapter: GPUAdapter;
  api: 'Dawn' | 'wgpu';
  software: boolean;
}

const wantsSoftware = (): boolean => process.env.LONGCONV_SOFTWARE_VULKAN === '1';

function selectSoftwareDriver(): void {
  const icd = join(software, 'icd.json');
  if (process.env.VK_ICD_FILENAMES || !existsSync(icd)) return;
  const runtime = join(software, 'runtime');
  mkdirSync(runtime, { recursive: true, mode: 0o700 });
  const set: Record<string, string> = { VK_ICD_FILENAMES: icd };
  if (!process.env.XDG_RUNTIME_DIR) set.XDG_RUNTIME_DIR = runtime;
  Object.assign(process.env, set);
  // Bun's process.env is a copy of the C environment, which is what the Vulkan loader reads.
  if (process.versions.bun) for (const [name, value] of Object.entries(set)) loadAddon().setenv(name, value);
}

/** Drivers that are probed and rejected print to standard error. LONGCONV_VERBOSE=1 lets them. */
async function quietly<T>(work: () => Promise<T>): Promise<T> {
  let mute: (on: boolean) => void = () => {};
  try {
    if (process.env.LONGCONV_VERBOSE !== '1') mute = loadAddon().muteStderr;
  } catch {
    // Without the CPU's kernels there is nothing to mute with, and nothing else that needs them here.
  }
  mute(true);
  try {
    return await work();
  } finally {
    mute(false);
  }
}

async function dawn(options: string[]): Promise<GPU> {
  keeper.longconvWebGpu ??= [];
  const key = options.join('\n');
  const kept = keeper.longconvWebGpu.find((k) => k.options === key);
  if (kept) return kept.gpu;
  let module: typeof import('webgpu');
  try {
    module = await import('webgpu');
  } catch (e) {
    throw new DeviceUnavailableError(
      `the npm package "webgpu" cannot be loaded (${(e as Error).message.split('\n')[0]}): run "npm ci"`,
    );
  }
  // Timestamps in nanoseconds instead of steps of 65536.
  const gpu = module.create(['disable-dawn-features=timestamp_quantization', ...options]);
  keeper.longconvWebGpu.push({ gpu, options: key });
  return gpu;
}

/** WebGPU has no list of adapters; Dawn prints one when it is asked for an adapter that is not there. */
async function adapterNames(): Promise<string[]> {
  try {
    await (await dawn(['adapter=list of adapters'])).requestAdapter();
  } catch (e) {
    return [...(e as Error).message.matchAll(/backend: '[^']*', name: '([^']*)'/g)].map((m) => m[1]);
  }
  return [];
}

async function request(index: number): Promise<GPUAdapter | null> {
  const options: GPURequestAdapterOptions = { powerPreference: 'high-performance' };
  if ('Deno' in globalThis) {
    if (index > 0)
      throw new DeviceUnavailableError(
        `webgpu:${index} cannot be chosen in Deno, which shows one adapter: use webgpu:0, or run with Bun`,
      );
    return (await navigator.gpu?.requestAdapter(options)) ?? null;
  }
  if (index === 0) return (await dawn([])).requestAdapter(options);
  const names = await adapterNames();
  if (index >= names.length)
    throw new DeviceUnavailableError(
      `there is no webgpu:${index}: ${names.length ? `choose webgpu:0 to webgpu:${names.length - 1} (${names.join(', ')})` : install}`,
    );
  return (await dawn([`adapter=${names[index]}`])).requestAdapter(options);
}

/** Throws `DeviceUnavailableError` with what to install or set. */
export async function findAdapter(index: number): Promise<FoundAdapter> {
  if (wantsSoftware()) selectSoftwareDriver();
  const adapter = await quietly(() => request(index));
  if (!adapter) throw new DeviceUnavailableError(`WebGPU finds no adapter: ${install}`);
  const { info } = adapter;
  const text = `${info.architecture} ${info.device} ${info.description}`;
  const isSoftware = info.isFallbackAdapter || /llvmpipe|lavapipe|swiftshader|software|basic render/i.test(text);
  if (isSoftware && !wantsSoftware())
    throw new DeviceUnavailableError(
      `WebGPU finds only a software driver (${info.description}), which is never picked by itself: ${install}`,
    );
  return { adapter, api: 'Deno' in globalThis ? 'wgpu' : 'Dawn', software: isSoftware };
}
