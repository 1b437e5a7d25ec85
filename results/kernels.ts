/** A learned kernel as it is kept: what of it is drawn, and no more. */
import { join } from 'node:path';
import * as z from 'zod';
import { sizesByLag } from './charts/kernel.ts';

/** Taps that are kept of one channel: enough to see whether they are smooth. */
const TAPS = 128;
/** Digits of a number: it is there to be drawn. */
const DIGITS = 4;

export const keptKernelSchema = z.object({
  block: z.number().int(),
  mixer: z.string(),
  /** Taps of a channel. */
  length: z.number().int().positive(),
  /** The first taps of the first channel. */
  taps: z.array(z.number()).min(1),
  /** Lag + 1, and root mean square of all channels' taps near it. */
  sizes: z.array(z.tuple([z.number(), z.number()])),
});
export type KeptKernel = z.infer<typeof keptKernelSchema>;

/** Where a run writes them down. */
export const kernelsFile = (folder: string): string => join(folder, 'kernels.json');

const rounded = (value: number): number => Number(value.toPrecision(DIGITS));

/** `channels[h][t]`: taps of each channel. */
export const keptKernel = (block: number, mixer: string, channels: readonly Float64Array[]): KeptKernel => ({
  ...{ block, mixer, length: channels[0].length },
  taps: Array.from(channels[0].subarray(0, TAPS), rounded),
  sizes: sizesByLag(channels).map(([lag, size]) => [rounded(lag), rounded(size)]),
});
