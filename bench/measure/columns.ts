/** Table columns that suites share. */
import { type Column, show, showBytes, showInterval, showPercent } from '../../results/tables.ts';
import { showLength } from '../../results/terminal/options.ts';

export const text = (key: string, title: string): Column => ({ key, title });

export const length: Column = { key: 'length', title: 'L', align: 'right', text: (v) => showLength(Number(v)) };

export const milliseconds: Column = {
  key: 'ms',
  title: 'ms [95 %]',
  align: 'right',
  text: (v, r) => showInterval(v, r.ms_low, r.ms_high),
};

export const peak: Column = { key: 'peak_bytes', title: 'Peak memory', align: 'right', text: showBytes };

export const roofline: Column = { key: 'roofline', title: 'Roofline', align: 'right', text: showPercent };

export const gflops: Column = {
  key: 'flops',
  title: 'GFLOP/s',
  align: 'right',
  text: (v, r) => (typeof v === 'number' && typeof r.ms === 'number' ? show(v / r.ms / 1e6) : '-'),
};

/** By the count of the best known algorithm, whatever was carried out. */
export const useful: Column = {
  key: 'useful_flops',
  title: 'Useful GFLOP/s',
  align: 'right',
  text: (v, r) => (typeof v === 'number' && typeof r.ms === 'number' ? show(v / r.ms / 1e6) : '-'),
};

/** Speedup over the group's baseline, with its interval; the baseline itself says so. */
export const speedup = (title: string): Column => ({
  key: 'speedup',
  title,
  align: 'right',
  text: (v, r) => (r.baseline === r.candidate ? '1 (baseline)' : showInterval(v, r.speedup_low, r.speedup_high, 'x')),
});

export const number = (key: string, title: string): Column => ({ key, title, align: 'right' });
