/**
 * The roofline (Williams, Waterman & Patterson 2009): no kernel is faster than its arithmetic at peak rate, nor than
 * its memory traffic at full bandwidth. Both ceilings are measured in the run that they are used in.
 *
 *   fraction = max(flops / peak, bytes / bandwidth) / time
 */
import type { Device } from '../../kernels/device/device.ts';
import { loadAddon } from '../../kernels/native/addon.ts';
import type { Cost } from '../../kernels/ops/op.ts';

/** FLOP/s of fp32 fused multiply-adds (2 each) and bytes/s of copying, with the device's threads. */
export interface Roofline {
  flops: number;
  bytes: number;
}

/** null for a device whose ceilings cannot be measured. */
export function measureRoofline(device: Device): Roofline | null {
  if (device.info.id !== 'cpu') return null;
  return loadAddon().roofline(device.info.features[0]);
}

/** Fraction of the roofline that `milliseconds` for work of this cost reaches. */
export function rooflineFraction(cost: Cost, milliseconds: number, roofline: Roofline | null): number | null {
  if (!roofline || !(milliseconds > 0)) return null;
  return Math.max(cost.flops / roofline.flops, cost.bytes / roofline.bytes) / (milliseconds / 1e3);
}
