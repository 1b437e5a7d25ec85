/**
 * Shaders of the long convolution, generated around a transform (device/webgpu/fft.ts).
 *
 * With n = 2 M >= L + (reach of the taps), y is a negacyclic convolution of n reals: one weighted complex transform of
 * M points per row. Taps of negative lag lie at the end of the n places, with the opposite sign; D is added to lag 0.
 *
 * Short rows (8 M bytes fit a workgroup): a row is transformed, multiplied and transformed back without leaving the
 * workgroup. Long rows are M = M1 M2: columns of M1 elements, M2 apart, are transformed and turned by w^(column
 * frequency) into memory; then rows of M2; products are taken there; and back.
 */
import { FactorTable, Transform } from '../../device/webgpu/fft.ts';

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

/** Assembles a module: bindings by name and type in order, the uniform last. */
function moduleText(bindings: [string, string, 'read' | 'write'][], workgroupSize: number, head: string, body: string) {
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
const signalText = (name: string) => `
fn sample_${name}(row: u32, t: u32, live: bool) -> f32 {
  if (live && t < p.L) {
    return ${name}[row * p.L + t];
  }
  return 0.0;
}
`;
/** Element t of a row of u or (odd) of g. */
const pairText = `
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
const signalRow = `
fn signal_row(row: u32) -> u32 {
  return (p.first_b + row / p.count_h) * p.channels + p.first_channel + p.first_h + row % p.count_h;
}
`;

/** `place(ch, i)`: what stands at place i of the n = 2 M for kernel channel ch = c H + h. */
const tapsText = (M: number): string => `
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
function gradientText(M: number, wantK: boolean, wantD: boolean): string {
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
function load(f: Transform, to: string, value: (position: string) => string, half: number, folded: boolean): string {
  return f.eachInput((r, at) => `${to}[${r}] = ${f.pack(r, value(at), folded ? value(`${at} + ${half}u`) : null)};`);
}

/** Stores both halves of the result of an inverse weighted transform. */
function store(
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

const spectrumAt = (row: string, f: Transform, register: number): string =>
  `${row} * ${f.points}u + ${register * f.threads}u + lane`;

/** Calls `text` for each register of a transform, whose place in a stored spectrum is \`row\`'s. */
const eachRegister = (f: Transform, text: (r: number) => string): string =>
  Array.from({ length: f.registers }, (_, r) => `  ${text(r)}\n`).join('');

/** Shaders for rows that fit a workgroup. `units` rows share one. */
export function shortShaders(o: ShaderOptions, units: number) {
  const { M, folded, registers } = o;
  const make = () => new Transform(M, units, registers, true);
  const prologue = (f: Transform, rows: string) => `${f.threadText()}
  let row = item * ${f.units}u + unit;
  let live = row < ${rows};`;

  /** k (, D) -> spectrum of place(); rows are c count_h + h. The factor 1 / M of the inverse goes in here. */
  const kernelSpectrum = () => {
    const f = make();
    return moduleText(
      [
        ['k', 'f32', 'read'],
        ['D', 'f32', 'read'],
        ['twiddles', 'vec2f', 'read'],
        ['spectrum', 'vec2f', 'write'],
      ],
      f.workgroupSize,
      f.declarations() + tapsText(M),
      `${prologue(f, 'p.C * p.count_h')}
  let ch = (row / p.count_h) * p.H + p.first_h + row % p.count_h;
  ${f.registersText('x')}
${load(f, 'x', (at) => `place(ch, ${at}, live)`, M, true)}
${f.forward('x', false)}
  if (live) {
${eachRegister(f, (r) => `spectrum[${spectrumAt('row', f, r)}] = x[${r}] * ${1 / M};`)}
  }`,
    );
  };

  /** u -> y: one forward transform, C products and inverse transforms. */
  const forward = () => {
    const f = make();
    return moduleText(
      [
        ['u', 'f32', 'read'],
        ['spectrum', 'vec2f', 'read'],
        ['twiddles', 'vec2f', 'read'],
        ['y', 'f32', 'write'],
      ],
      f.workgroupSize,
      f.declarations() + signalText('u') + signalRow,
      `${prologue(f, 'p.count_b * p.count_h')}
  let source = signal_row(row);
  let h = row % p.count_h;
  ${f.registersText('x')}
${load(f, 'x', (at) => `sample_u(source, ${at}, live)`, M, folded)}
${f.forward('x', false)}
  for (var c = 0u; c < p.C; c++) {
    ${f.registersText('z')}
    if (live) {
${eachRegister(f, (r) => `z[${r}] = product(x[${r}], spectrum[${spectrumAt('(c * p.count_h + h)', f, r)}]);`)}
    }
    if (c > 0u) {
      workgroupBarrier();
    }
${f.inverse('z', false)}
    let to = ((p.first_b + row / p.count_h) * p.C + c) * p.H + p.first_h + h;
${store(f, 'z', (at, x) => `if (live && ${at} < p.L) { y[to * p.L + ${at}] = ${x}; }`, M, folded)}
  }`,
    );
  };

  /** g -> du: the sum over c of the correlations with the kernels. */
  const gradientOfSignal = () => {
    const f = make();
    return moduleText(
      [
        ['g', 'f32', 'read'],
        ['spectrum', 'vec2f', 'read'],
        ['twiddles', 'vec2f', 'read'],
        ['du', 'f32', 'write'],
      ],
      f.workgroupSize,
      f.declarations() + signalText('g') + signalRow,
      `${prologue(f, 'p.count_b * p.count_h')}
  let to = signal_row(row);
  let h = row % p.count_h;
  ${f.registersText('sum')}
  for (var c = 0u; c < p.C; c++) {
    let source = ((p.first_b + row / p.count_h) * p.C + c) * p.H + p.first_h + h;
    ${f.registersText('x')}
${load(f, 'x', (at) => `sample_g(source, ${at}, live)`, M, folded)}
${f.forward('x', true)}
    if (live) {
${eachRegister(f, (r) => `sum[${r}] += conj_product(x[${r}], spectrum[${spectrumAt('(c * p.count_h + h)', f, r)}]);`)}
    }
  }
${f.inverse('sum', false)}
${store(f, 'sum', (at, x) => `if (live && ${at} < p.L) { du[to * p.L + ${at}] = ${x}; }`, M, folded)}`,
    );
  };

  /** u, g -> spectra of the correlations, summed over each part of the batch: rows are (part, c, h). */
  const correlation = () => {
    const f = make();
    return moduleText(
      [
        ['u', 'f32', 'read'],
        ['g', 'f32', 'read'],
        ['twiddles', 'vec2f', 'read'],
        ['sums', 'vec2f', 'write'],
      ],
      f.workgroupSize,
      f.declarations() + pairText,
      `${prologue(f, 'p.parts * p.C * p.count_h')}
  let h = p.first_h + row % p.count_h;
  let c = (row / p.count_h) % p.C;
  let part = row / (p.count_h * p.C);
  let batches = (p.count_b + p.parts - 1u) / p.parts;
  ${f.registersText('sum')}
  ${f.registersText('before')}
  // u and g of a batch by turns: one transform's text serves both.
  for (var i = 0u; i < 2u * batches; i++) {
    let b = part * batches + i / 2u;
    let present = live && b < p.count_b;
    let odd = (i & 1u) == 1u;
    let source = select(b * p.H + h, (b * p.C + c) * p.H + h, odd);
    ${f.registersText('x')}
${load(f, 'x', (at) => `sample_pair(source, ${at}, present, odd)`, M, folded)}
${f.forward('x', true)}
    if (odd) {
${eachRegister(f, (r) => `sum[${r}] += conj_product(x[${r}], before[${r}]);`)}
    }
    before = x;
  }
  if (live) {
${eachRegister(f, (r) => `sums[${spectrumAt('row', f, r)}] = sum[${r}];`)}
  }`,
    );
  };

  /** Spectra of correlations -> gradients of the taps and of D. */
  const gradientOfTaps = (wantK: boolean, wantD: boolean) => {
    const f = make();
    return moduleText(
      [
        ['sums', 'vec2f', 'read'],
        ['twiddles', 'vec2f', 'read'],
        ...(wantK ? [['dk', 'f32', 'write'] as [string, string, 'write']] : []),
        ...(wantD ? [['dD', 'f32', 'write'] as [string, string, 'write']] : []),
      ],
      f.workgroupSize,
      f.declarations() + gradientText(M, wantK, wantD),
      `${prologue(f, 'p.C * p.count_h')}
  let ch = (row / p.count_h) * p.H + p.first_h + row % p.count_h;
  ${f.registersText('x')}
  for (var part = 0u; part < p.parts && live; part++) {
${eachRegister(f, (r) => `x[${r}] += sums[${spectrumAt('(part * p.C * p.count_h + row)', f, r)}];`)}
  }
${f.inverse('x', false)}
  if (live) {
${store(f, 'x', (at, x) => `put(ch, ${at}, (${x}) * ${1 / M});`, M, true)}
  }`,
    );
  };

  const f = make();
  return { transform: f, kernelSpectrum, forward, gradientOfSignal, correlation, gradientOfTaps };
}

/** Shaders for rows of M = columns x rows that pass through memory. */
export function longShaders(o: ShaderOptions, M1: number, M2: number, columnUnits: number, rowUnits: number) {
  const { M, folded, registers } = o;
  const factors = new FactorTable(4 * M);
  const column = () => new Transform(M1, columnUnits, registers, true, 'columns');
  const line = () => new Transform(M2, rowUnits, registers, false);
  const groupsPerRow = M2 / columnUnits;
  const columnPrologue = (f: Transform) => `${f.threadText()}
  let row = item / ${groupsPerRow}u;
  let col = (item % ${groupsPerRow}u) * ${columnUnits}u + unit;`;
  const columnHead = (f: Transform) => f.declarations() + f.frequencyText() + factors.text();
  const turnBy = (position: string) => `big_twiddle((4u * frequency(${position}) + 1u) * col)`;
  const z = (position: string) => `z[row * ${M}u + (${position}) * ${M2}u + col]`;
  const element = (position: string) => `(${position}) * ${M2}u + col`;
  type Bindings = [string, string, 'read' | 'write'][];
  const tables: Bindings = [
    ['twiddles', 'vec2f', 'read'],
    ['factors', 'vec2f', 'read'],
  ];

  /** Columns of the source -> z. */
  const columnsIn = (bindings: Bindings, head: string, setup: string, value: (at: string) => string, two: boolean) => {
    const f = column();
    return moduleText(
      [...bindings, ...tables, ['z', 'vec2f', 'write']],
      f.workgroupSize,
      columnHead(f) + head,
      `${columnPrologue(f)}
  ${setup}
  ${f.registersText('x')}
${load(f, 'x', (at) => value(element(at)), M1, two)}
${f.forward('x', false)}
${f.eachSpectrum((r, at) => `${z(at)} = product(x[${r}], ${turnBy(at)});`)}`,
    );
  };
  /** z -> columns of the result, which \`put\` takes. */
  const columnsOut = (
    bindings: Bindings,
    head: string,
    setup: string,
    put: (at: string, x: string) => string,
    two: boolean,
  ) => {
    const f = column();
    return moduleText(
      [['z', 'vec2f', 'read'], ...tables, ...bindings],
      f.workgroupSize,
      columnHead(f) + head,
      `${columnPrologue(f)}
  ${setup}
  ${f.registersText('x')}
${f.eachSpectrum((r, at) => `x[${r}] = conj_product(${z(at)}, ${turnBy(at)});`)}
${f.inverse('x', false)}
${store(f, 'x', (at, x) => put(element(at), x), M1, two)}`,
    );
  };
  /** The rows of z: \`row\` counts M1 lines per row of the launch. */
  const lines = (bindings: Bindings, body: (f: Transform) => string) => {
    const f = line();
    return moduleText(
      [...bindings, ['twiddles', 'vec2f', 'read']],
      f.workgroupSize,
      f.declarations(),
      `${f.threadText()}
  let line = item * ${rowUnits}u + unit;
${body(f)}`,
    );
  };
  const loadLine = (f: Transform, to: string, from: string, row: string) =>
    f.eachInput((r, at) => `${to}[${r}] = ${from}[(${row}) * ${M2}u + ${at}];`);
  const storeLine = (f: Transform, from: string, to: string, row: string) =>
    f.eachInput((r, at) => `${to}[(${row}) * ${M2}u + ${at}] = ${from}[${r}];`);

  return {
    column: column(),
    line: line(),
    factors,
    groupsPerRow,
    /** k (, D) of kernel channel p.channel -> z; rows are h. */
    kernelColumns: () =>
      columnsIn(
        [
          ['k', 'f32', 'read'],
          ['D', 'f32', 'read'],
        ],
        tapsText(M),
        'let ch = p.channel * p.H + p.first_h + row;',
        (at) => `place(ch, ${at}, true)`,
        true,
      ),
    /** A signal -> z; rows are (b, h) as the parameters say. */
    signalColumns: () =>
      columnsIn(
        [['u', 'f32', 'read']],
        signalText('u') + signalRow,
        'let source = signal_row(row);',
        (at) => `sample_u(source, ${at}, true)`,
        folded,
      ),
    /** z -> a signal, overwritten or (add) added to. */
    signalFromColumns: (add: boolean) =>
      columnsOut(
        [['y', 'f32', 'write']],
        signalRow,
        'let to = signal_row(row);',
        (at, x) => `if (${at} < p.L) { y[to * p.L + ${at}] ${add ? '+=' : '='} ${x}; }`,
        folded,
      ),
    /** z of the correlations -> gradients of the taps of kernel channel p.channel and of D. */
    tapsFromColumns: (wantK: boolean, wantD: boolean) =>
      columnsOut(
        [...(wantK ? [['dk', 'f32', 'write']] : []), ...(wantD ? [['dD', 'f32', 'write']] : [])] as Bindings,
        gradientText(M, wantK, wantD),
        'let ch = p.channel * p.H + p.first_h + row;',
        (at, x) => `put(ch, ${at}, (${x}) * ${1 / M});`,
        true,
      ),
    /** z of a kernel -> its spectrum, with the factor 1 / M. */
    spectrumLines: () =>
      lines(
        [
          ['z', 'vec2f', 'read'],
          ['spectrum', 'vec2f', 'write'],
        ],
        (f) => `  ${f.registersText('x')}
${loadLine(f, 'x', 'z', 'line')}
${f.forward('x', false)}
${eachRegister(f, (r) => `spectrum[${spectrumAt('line', f, r)}] = x[${r}] * ${1 / M};`)}`,
      ),
    /** z times a spectrum (or its conjugate), in place; rows are (b, h). */
    productLines: (conjugate: boolean) =>
      lines(
        [
          ['z', 'vec2f', 'write'],
          ['spectrum', 'vec2f', 'read'],
        ],
        (f) => `  let kernel = ((line / ${M1}u) % p.count_h) * ${M1}u + line % ${M1}u;
  ${f.registersText('x')}
${loadLine(f, 'x', 'z', 'line')}
${f.forward('x', false)}
${eachRegister(f, (r) => `x[${r}] = ${conjugate ? 'conj_product' : 'product'}(x[${r}], spectrum[${spectrumAt('kernel', f, r)}]);`)}
${f.inverse('x', false)}
${storeLine(f, 'x', 'z', 'line')}`,
      ),
    /** Sums over the batches of a launch of g's spectrum times the conjugate of u's; lines are (h, column frequency). */
    correlationLines: (add: boolean) =>
      lines(
        [
          ['z', 'vec2f', 'read'],
          ['zg', 'vec2f', 'read'],
          ['sums', 'vec2f', 'write'],
        ],
        (f) => `  ${f.registersText('sum')}
  for (var b = 0u; b < p.count_b; b++) {
    let source = b * p.count_h * ${M1}u + line;
    ${f.registersText('x')}
${loadLine(f, 'x', 'z', 'source')}
${f.forward('x', true)}
    ${f.registersText('y')}
${loadLine(f, 'y', 'zg', 'source')}
${f.forward('y', true)}
${eachRegister(f, (r) => `sum[${r}] += conj_product(y[${r}], x[${r}]);`)}
  }
${eachRegister(f, (r) => `sums[${spectrumAt('line', f, r)}] ${add ? '+=' : '='} sum[${r}];`)}`,
      ),
    /** Spectra of correlations -> z. */
    inverseLines: () =>
      lines(
        [
          ['sums', 'vec2f', 'read'],
          ['z', 'vec2f', 'write'],
        ],
        (f) => `  ${f.registersText('x')}
${eachRegister(f, (r) => `x[${r}] = sums[${spectrumAt('line', f, r)}];`)}
${f.inverse('x', false)}
${storeLine(f, 'x', 'z', 'line')}`,
      ),
  };
}
