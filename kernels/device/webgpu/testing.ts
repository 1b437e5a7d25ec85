/** A WebGPU device for tests: the software driver, which is built here when lavapipe is installed. */
import { execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Device, DeviceUnavailableError } from '../device.ts';
import { openDevice } from '../registry.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');

/** The device, or one sentence saying why there is none. Any failure but a missing driver is thrown. */
export async function openForTests(): Promise<Device | string> {
  try {
    execFileSync('node', [join(root, 'scripts', 'software-vulkan', 'setup.mjs'), '--quiet'], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
  } catch (e) {
    const { status, stderr } = e as { status: number | null; stderr?: string };
    if (status !== 3) throw e;
    return (stderr ?? '').trim();
  }
  process.env.LONGCONV_SOFTWARE_VULKAN = '1';
  try {
    return await openDevice('webgpu');
  } catch (e) {
    if (e instanceof DeviceUnavailableError) return e.message;
    throw e;
  }
}
