/**
 * Shaders of rows that fit a workgroup (8 M bytes): a row is transformed, multiplied and transformed back without leaving it.
 */
import { Transform } from '../../device/webgpu/fft.ts';
import {
  type Bindings,
  eachRegister,
  gradientText,
  load,
  moduleText,
  pairText,
  type ShaderOptions,
  signalRow,
  signalText,
  spectrumAt,
  store,
  tapsText,
} from './webgpu-shader-text.ts';

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
        ...(wantK ? [['dk', 'f32', 'write'] as Bindings[number]] : []),
        ...(wantD ? [['dD', 'f32', 'write'] as Bindings[number]] : []),
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
