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
