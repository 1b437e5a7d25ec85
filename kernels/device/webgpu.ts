import type { Device } from './device.ts';
import { DeviceUnavailableError } from './device.ts';

export async function open(_index = 0): Promise<Device> {
  throw new DeviceUnavailableError('the WebGPU device is being built');
}
