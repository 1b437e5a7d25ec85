/**
 * What the shaders of the long convolution share: parameters, access to signals and taps, loads and stores around a
 * transform (device/webgpu/fft.ts).
 *
 * With n = 2 M >= L + (reach of the taps), y is a negacyclic convolution of n reals: one weighted complex transform of
 * M points per row. Taps of negative lag lie at the end of the n places, with the opposite sign; D is added to lag 0.
 */
import type { Transform } from '../../device/webgpu/fft.ts';

/** Uniform parameters of all shaders, in the order of `Params`. */
export interface ConvParams {
  L: number;
  taps: number;
  H: number;
  C: number;
  /** The rows of a launch: batches first_b .. and channels first_h .., count_h of them per batch. */
  first_h: number;
  count_h: number;
  first_b: number;
  count_b: number;
  /** Rows per batch in the signal, and the first of them that belongs to channel 0. */
  channels: number;
  first_channel: number;
  /** Number of lags 0, 1, ... and -1, -2, ... that have a tap. */
  ahead: number;
  behind: number;
  /** Tap of lag -m: index behind_start + behind_step m of the row of k that is behind_row later. */
  behind_row: number;
  behind_start: number;
  behind_step: number;
  /** 1: tap 0 of that row is lag 0 (double-zero). */
  both_zero: number;
  /** 1: D is added to lag 0. */
  skip: number;
  /** Kernel channel (long rows work on one at a time), and parts of the batch of a correlation. */
  channel: number;
  parts: number;
  /** Workgroups with work to do. */
  items: number;
}
const paramNames: (keyof ConvParams)[] = [
  ...(['L', 'taps', 'H', 'C', 'first_h', 'count_h', 'first_b', 'count_b'] as const),
  ...(['channels', 'first_channel', 'ahead', 'behind', 'behind_row', 'behind_start', 'behind_step'] as const),
  ...(['both_zero', 'skip', 'channel', 'parts', 'items'] as const),
];
export const packParams = (p: ConvParams): number[] => paramNames.map((n) => p[n]);

export interface ShaderOptions {
  /** Half the length of the negacyclic convolution. */
  M: number;
  /** Whether a signal is longer than M, so that both halves of the n places are used. */
  folded: boolean;
  /** Complex registers of a thread. */
  registers: number;
}

const arguments_ = `@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) thread: u32`;

/** Name, type and access. */
export type Bindings = [string, string, 'read' | 'write'][];

/** Assembles a module: bindings in order, the uniform last. */
export function moduleText(bindings: Bindings, workgroupSize: number, head: string, body: string) {
  const declared = bindings
    .map(
      ([name, type, access], i) =>
        `@group(0) @binding(${i}) var<storage, ${access === 'read' ? 'read' : 'read_write'}> ${name}: array<${type}>;`,
    )
    .join('\n');
  return `struct Params { ${paramNames.map((n) => `${n}: u32`).join(', ')} }
${declared}
@group(0) @binding(${bindings.length}) var<uniform> p: Params;
${head}
@compute @workgroup_size(${workgroupSize})
fn main(${arguments_}) {
  let item = group.y * groups.x + group.x;
  if (item >= p.items) {
    return;
  }
  ${body}
}
`;
}

/** `sample(row, t)`: element t of a signal's row, zero outside; `signal_row` maps a row of the launch to the signal. */
export const signalText = (name: string) => `
fn sample_${name}(row: u32, t: u32, live: bool) -> f32 {
  if (live && t < p.L) {
    return ${name}[row * p.L + t];
  }
  return 0.0;
}
`;
/** Element t of a row of u or (odd) of g. */
export const pairText = `
fn sample_pair(row: u32, t: u32, live: bool, odd: bool) -> f32 {
  if (!live || t >= p.L) {
    return 0.0;
  }
  if (odd) {
    return g[row * p.L + t];
  }
  return u[row * p.L + t];
}
`;
export const signalRow = `
fn signal_row(row: u32) -> u32 {
  return (p.first_b + row / p.count_h) * p.channels + p.first_channel + p.first_h + row % p.count_h;
}
`;

/** `place(ch, i)`: what stands at place i of the n = 2 M for kernel channel ch = c H + h. */
export const tapsText = (M: number): string => `
fn place(ch: u32, i: u32, live: bool) -> f32 {
  var x = 0.0;
  if (!live) {
    return x;
  }
  if (i < p.ahead) {
    x += k[ch * p.taps + i];
  }
  if (i == 0u && p.both_zero == 1u) {
    x += k[(ch + p.behind_row) * p.taps];
  }
  if (i == 0u && p.skip == 1u) {
    x += D[ch];
  }
  let m = ${2 * M}u - i;
  if (m <= p.behind) {
    x -= k[(ch + p.behind_row) * p.taps + p.behind_start + p.behind_step * m];
  }
  return x;
}
`;

/** `put(ch, i, x)`: the gradient x of place i goes to the taps (and to D) that stand there. */
export function gradientText(M: number, wantK: boolean, wantD: boolean): string {
  const k = `if (i < p.ahead) {
    dk[ch * p.taps + i] = x;
  }
  if (i == 0u && p.both_zero == 1u) {
    dk[(ch + p.behind_row) * p.taps] = x;
  }
  let m = ${2 * M}u - i;
  if (m <= p.behind) {
    dk[(ch + p.behind_row) * p.taps + p.behind_start + p.behind_step * m] = -x;
  }`;
  return `
fn put(ch: u32, i: u32, x: f32) {
  ${wantK ? k : ''}
  ${wantD ? 'if (i == 0u) { dD[ch] = x; }' : ''}
}
`;
}

/** Loads register by register what a weighted transform starts from; `half` positions on is the second half. */
export function load(
  f: Transform,
  to: string,
  value: (position: string) => string,
  half: number,
  folded: boolean,
): string {
  return f.eachInput((r, at) => `${to}[${r}] = ${f.pack(r, value(at), folded ? value(`${at} + ${half}u`) : null)};`);
}

/** Stores both halves of the result of an inverse weighted transform. */
export function store(
  f: Transform,
  from: string,
  put: (position: string, value: string) => string,
  half: number,
  folded: boolean,
): string {
  return f.eachInput((r, at) => {
    const x = `${from}[${r}]`;
    return put(at, f.unpackNear(r, x)) + (folded ? put(`${at} + ${half}u`, f.unpackFar(r, x)) : '');
  });
}

export const spectrumAt = (row: string, f: Transform, register: number): string =>
  `${row} * ${f.points}u + ${register * f.threads}u + lane`;

/** Calls `text` for each register of a transform, whose place in a stored spectrum is \`row\`'s. */
export const eachRegister = (f: Transform, text: (r: number) => string): string =>
  Array.from({ length: f.registers }, (_, r) => `  ${text(r)}\n`).join('');
