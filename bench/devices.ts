/** Devices as the command line names them. */
import { type Device, DeviceUnavailableError } from '../kernels/device/device.ts';
import { deviceKinds, openDevice } from '../kernels/device/registry.ts';
import { UsageError } from '../results/terminal/errors.ts';
import { list, suggestion } from '../results/terminal/options.ts';

/** Checks the names only: an unknown one is a usage error, before anything is opened. */
export function deviceNames(value: unknown, fallback: string): string[] {
  const names = list(value) ?? [fallback];
  const kinds = deviceKinds();
  for (const name of names) {
    const [kind, index, ...rest] = name.split(':');
    if (name === 'all') continue;
    if (!kinds.includes(kind))
      throw new UsageError(
        `there is no device "${name}".${suggestion(kind, [...kinds, 'all'])} Choose one of ${kinds.join(', ')} or all`,
      );
    if ((index !== undefined && !/^\d+$/.test(index)) || rest.length)
      throw new UsageError(`device "${name}": after the colon comes the number of the device, as in ${kind}:0`);
  }
  return [...new Set(names)];
}

export interface Absent {
  id: string;
  reason: string;
}

/**
 * Opens what was asked for. `all` means every kind that is here, except those in `named` and software GPU drivers:
 * these must be asked for by name. A device asked for by name that is not here throws.
 */
export async function openDevices(
  names: readonly string[],
  named: readonly string[] = [],
): Promise<{ devices: Device[]; absent: Absent[] }> {
  const devices: Device[] = [];
  const absent: Absent[] = [];
  const opened = (id: string) => devices.some((d) => d.info.id === id || d.info.id === `${id}:0`);
  for (const name of names)
    if (name !== 'all') devices.push(await openDevice(name));
    else
      for (const kind of deviceKinds()) {
        if (opened(kind) || named.includes(kind)) continue;
        try {
          const device = await openDevice(kind);
          if (device.info.software) {
            absent.push({
              id: kind,
              reason: `${device.info.name} is a software driver: ask for it with --device ${kind}`,
            });
            await device.close();
          } else devices.push(device);
        } catch (e) {
          if (!(e instanceof DeviceUnavailableError)) throw e;
          absent.push({ id: kind, reason: e.message });
        }
      }
  return { devices, absent };
}
