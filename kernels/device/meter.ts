import type { MemoryMeter } from './device.ts';

/** Counts bytes handed out, and the largest sum since the last reset. */
export class ByteMeter implements MemoryMeter {
  live = 0;
  peak = 0;

  add(bytes: number): void {
    this.live += bytes;
    if (this.live > this.peak) this.peak = this.live;
  }

  resetPeak(): void {
    this.peak = this.live;
  }
}

/** "96 bytes", "1.5 KiB", "12.3 MiB", rounded up. */
export function showBytes(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB'];
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Math.ceil(value * 10) / 10} ${units[unit]}`;
}
