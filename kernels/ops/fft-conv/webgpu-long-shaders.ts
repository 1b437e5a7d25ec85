/**
 * Shaders of long rows, which are M = M1 M2: columns of M1 elements, M2 apart, are transformed and turned by w^(column
 * frequency) into memory; then rows of M2; products are taken there; and back.
 */
import { FactorTable, Transform } from '../../device/webgpu/fft.ts';
import {
  type Bindings,
  eachRegister,
  gradientText,
  load,
  moduleText,
  type ShaderOptions,
  signalRow,
  signalText,
  spectrumAt,
  store,
  tapsText,
} from './webgpu-shader-text.ts';

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
