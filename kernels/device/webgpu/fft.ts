/**
 * Text of complex Fourier transforms inside a workgroup, for kernels that are generated around them.
 *
 * A transform of `points` = 2^m elements is done by `threads` threads with `registers` = points / threads elements
 * each, in passes of radix up to `registers`. Forward passes go from far elements to near ones (decimation in
 * frequency), inverse passes back: the spectrum is left in digit-reversed order, in registers, so that products of
 * spectra need no reordering and neither end of a convolution passes through workgroup memory. Every thread
 * writes where it has read, so that one barrier a pass is enough.
 *
 * A `weighted` transform evaluates at the roots of x^points = -i instead of x^points = 1: for a real sequence a of
 * length 2 points, X[k] = sum_t (a[t] - i a[t + points]) theta^t w^(t k), theta = exp(-i pi / (2 points)). Products of
 * such spectra are negacyclic convolutions of 2 points reals (x^(2 points) = -1): a real convolution at the cost of
 * half the length, with nothing to separate afterwards. (Crandall & Fagin 1994's right-angle convolution.)
 *
 * Twiddle factors come from a table made in float64: WGSL's sin and cos are too coarse.
 */

const cos = (turns: number): number => Math.cos(2 * Math.PI * turns);
const sin = (turns: number): number => Math.sin(2 * Math.PI * turns);
const literal = (x: number): string => (Number.isInteger(x) ? x.toFixed(1) : String(x));
const vec2 = (re: number, im: number): string => `vec2f(${literal(re)}, ${literal(im)})`;

/** Products of complex numbers; `conj_product` is a times the conjugate of b. */
const complexText = `
fn product(a: vec2f, b: vec2f) -> vec2f {
  return vec2f(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}
fn conj_product(a: vec2f, b: vec2f) -> vec2f {
  return vec2f(a.x * b.x + a.y * b.y, a.y * b.x - a.x * b.y);
}
`;

/** Where the elements of the transforms of a workgroup lie: one after another, or interleaved (columns). */
export type Arrangement = 'rows' | 'columns';

interface Pass {
  radix: number;
  /** Distance of a butterfly's elements. */
  stride: number;
  /** Place of this pass in the table. */
  table: number;
}

export class Transform {
  readonly points: number;
  readonly registers: number;
  readonly threads: number;
  /** Transforms side by side in a workgroup. */
  readonly units: number;
  readonly weighted: boolean;
  readonly #arrangement: Arrangement;
  readonly #passes: Pass[] = [];
  readonly #tableLength: number;
  #names = 0;

  constructor(points: number, units: number, registers: number, weighted: boolean, arrangement: Arrangement = 'rows') {
    this.points = points;
    this.units = units;
    this.weighted = weighted;
    this.#arrangement = arrangement;
    this.registers = registersFor(points, registers);
    this.threads = points / this.registers;
    let table = 0;
    for (let left = points; left > 1 || !this.#passes.length; ) {
      const radix = Math.min(left, this.registers);
      const stride = left / radix;
      this.#passes.push({ radix, stride, table });
      if (stride > 1) table += left;
      left = stride;
    }
    this.#tableLength = table;
  }

  get workgroupSize(): number {
    return this.threads * this.units;
  }

  /** Name of the table among the device's constants. */
  get tableKey(): string {
    return `fft ${this.points} ${this.registers}${this.weighted ? ' weighted' : ''}`;
  }

  /** For pass by pass and output k of the butterfly: factors at j = 0 .. stride - 1, as pairs. */
  table(): Float32Array {
    const out = new Float32Array(2 * Math.max(1, this.#tableLength));
    this.#passes.forEach(({ radix, stride, table }, pass) => {
      if (stride === 1) return;
      const length = radix * stride;
      for (let k = 0; k < radix; k++)
        for (let j = 0; j < stride; j++) {
          const turns = this.weighted && pass === 0 ? ((4 * k + 1) * j) / (4 * length) : (k * j) / length;
          const at = 2 * (table + k * stride + j);
          out[at] = cos(turns);
          out[at + 1] = -sin(turns);
        }
    });
    return out;
  }

  /** Workgroup memory and the address of element p of transform `unit` in it. */
  declarations(): string {
    if (this.#passes.length === 1) return complexText;
    const n = this.points;
    // The exclusive or spreads the strides of the passes over the banks.
    const spread = n >= 256 ? 'p ^ ((p >> 4u) & 15u)' : 'p';
    const address = this.#arrangement === 'rows' ? `unit * ${n}u + (${spread})` : `p * ${this.units}u + unit`;
    return `${complexText}
var<workgroup> exchange: array<vec2f, ${n * this.units}>;
fn address(p: u32, unit: u32) -> u32 {
  return ${address};
}
`;
  }

  /** Index of the thread in its transform (\`lane\`) and of its transform in the workgroup (\`unit\`). */
  threadText(): string {
    return this.#arrangement === 'rows'
      ? `let unit = thread / ${this.threads}u;\n  let lane = thread % ${this.threads}u;`
      : `let unit = thread % ${this.units}u;\n  let lane = thread / ${this.units}u;`;
  }

  registersText(name: string): string {
    return `var ${name}: array<vec2f, ${this.registers}>;`;
  }

  /** Calls `text(register, position)` for each register before a forward (after an inverse) transform. */
  eachInput(text: (register: number, position: string) => string): string {
    const { radix, stride } = this.#passes[0];
    return this.#each((s, i) => text(s * radix + i, `lane + ${this.threads * s + stride * i}u`), radix);
  }

  /** Calls `text(register, position)` for each register of a spectrum, positions in digit-reversed order. */
  eachSpectrum(text: (register: number, position: string) => string): string {
    const { radix } = this.#passes[this.#passes.length - 1];
    return this.#each((s, i) => text(s * radix + i, `(lane + ${this.threads * s}u) * ${radix}u + ${i}u`), radix);
  }

  /** `frequency(position)` of a spectrum. */
  frequencyText(): string {
    let weight = 1;
    const terms = this.#passes.map(({ radix, stride }) => {
      const term = `((p / ${stride}u) % ${radix}u) * ${weight}u`;
      weight *= radix;
      return term;
    });
    return `fn frequency(p: u32) -> u32 {\n  return ${terms.join(' + ')};\n}\n`;
  }

  /** Input register `r` of a weighted transform from the elements at its position and `points` later. */
  pack(register: number, near: string, far: string | null): string {
    const i = register % this.#passes[0].radix;
    const [re, im] = this.#weight(i);
    return far ? `product(vec2f(${near}, -(${far})), ${vec2(re, im)})` : `(${near}) * ${vec2(re, im)}`;
  }

  /** Real element at the position of register `r` of an inverse weighted transform, and the one `points` later. */
  unpackNear(register: number, x: string): string {
    const [re, im] = this.#weight(register % this.#passes[0].radix);
    return `dot(${x}, ${vec2(re, im)})`;
  }
  unpackFar(register: number, x: string): string {
    const [re, im] = this.#weight(register % this.#passes[0].radix);
    return `dot(${x}, ${vec2(im, -re)})`;
  }

  /**
   * Transforms the registers \`x\`. \`fence\`: other threads may still read workgroup memory from an earlier transform.
   */
  forward(x: string, fence: boolean): string {
    const last = this.#passes.length - 1;
    let text = fence && last > 0 ? 'workgroupBarrier();\n' : '';
    this.#passes.forEach(({ radix, stride, table }, pass) => {
      for (let s = 0; s < this.registers / radix; s++) {
        const lines = this.#butterfly(s, radix, stride);
        const from = (i: number) =>
          pass === 0 ? `${x}[${s * radix + i}]` : `exchange[address(o + ${stride * i}u, unit)]`;
        const input = this.#lets(lines, radix, from);
        const output = this.#dft(lines, input, -1);
        output.forEach((name, k) => {
          const plain = stride === 1 || (k === 0 && !(this.weighted && pass === 0));
          const value = plain ? name : `product(${name}, twiddles[j + ${table + k * stride}u])`;
          const to = pass === last ? `${x}[${s * radix + k}]` : `exchange[address(o + ${stride * k}u, unit)]`;
          lines.push(`${to} = ${value};`);
        });
        text += `{\n${lines.join('\n')}\n}\n`;
      }
      if (pass < last) text += 'workgroupBarrier();\n';
    });
    return text;
  }

  /** The inverse without its factor 1 / points. \`fence\`: as for forward; false right after a forward transform. */
  inverse(x: string, fence: boolean): string {
    const last = this.#passes.length - 1;
    let text = fence && last > 0 ? 'workgroupBarrier();\n' : '';
    for (let pass = last; pass >= 0; pass--) {
      const { radix, stride, table } = this.#passes[pass];
      for (let s = 0; s < this.registers / radix; s++) {
        const lines = this.#butterfly(s, radix, stride);
        const from = (k: number) => {
          if (pass === last) return `${x}[${s * radix + k}]`;
          const value = `exchange[address(o + ${stride * k}u, unit)]`;
          const plain = k === 0 && !(this.weighted && pass === 0);
          return plain ? value : `conj_product(${value}, twiddles[j + ${table + k * stride}u])`;
        };
        const output = this.#dft(lines, this.#lets(lines, radix, from), 1);
        output.forEach((name, i) => {
          const to = pass === 0 ? `${x}[${s * radix + i}]` : `exchange[address(o + ${stride * i}u, unit)]`;
          lines.push(`${to} = ${name};`);
        });
        text += `{\n${lines.join('\n')}\n}\n`;
      }
      if (pass > 0) text += 'workgroupBarrier();\n';
    }
    return text;
  }

  #each(text: (s: number, i: number) => string, radix: number): string {
    let all = '';
    for (let s = 0; s < this.registers / radix; s++) for (let i = 0; i < radix; i++) all += `  ${text(s, i)}\n`;
    return all;
  }

  /** theta^(stride i), the part of the weight that the table of the first pass does not hold. */
  #weight(i: number): [number, number] {
    if (!this.weighted || i === 0) return [1, 0];
    const turns = i / (4 * this.#passes[0].radix);
    return [cos(turns), -sin(turns)];
  }

  /** Butterfly number lane + threads s of a pass: its offset j in the block and its first element o. */
  #butterfly(s: number, radix: number, stride: number): string[] {
    const b = s === 0 ? 'lane' : `(lane + ${this.threads * s}u)`;
    const j = stride === 1 ? '0u' : `${b} & ${stride - 1}u`;
    return [`let j = ${j};`, `let o = (${b} / ${stride}u) * ${stride * radix}u + j;`];
  }

  #lets(lines: string[], count: number, value: (i: number) => string): string[] {
    return Array.from({ length: count }, (_, i) => this.#let(lines, value(i)));
  }

  #let(lines: string[], value: string): string {
    const name = `v${this.#names++}`;
    lines.push(`let ${name} = ${value};`);
    return name;
  }

  /** Discrete Fourier transform of 1, 2, 4, 8 or 16 named values, outputs in natural order. */
  #dft(lines: string[], x: string[], sign: 1 | -1): string[] {
    const n = x.length;
    const set = (value: string) => this.#let(lines, value);
    if (n === 1) return x;
    if (n === 2) return [set(`${x[0]} + ${x[1]}`), set(`${x[0]} - ${x[1]}`)];
    if (n === 4) {
      const [a, b] = [set(`${x[0]} + ${x[2]}`), set(`${x[0]} - ${x[2]}`)];
      const [c, d] = [set(`${x[1]} + ${x[3]}`), set(`${x[1]} - ${x[3]}`)];
      const turned = set(quarterTurn(d, sign));
      return [set(`${a} + ${c}`), set(`${b} + ${turned}`), set(`${a} - ${c}`), set(`${b} - ${turned}`)];
    }
    const m = n / 4;
    const out: string[] = new Array(n);
    const rows = Array.from({ length: m }, (_, i) => {
      const y = this.#dft(lines, [x[i], x[i + m], x[i + 2 * m], x[i + 3 * m]], sign);
      return y.map((name, k) => (i * k === 0 ? name : set(turn(name, (sign * i * k) / n))));
    });
    for (let k1 = 0; k1 < 4; k1++)
      this.#dft(
        lines,
        rows.map((r) => r[k1]),
        sign,
      ).forEach((name, k2) => {
        out[k1 + 4 * k2] = name;
      });
    return out;
  }
}

const quarterTurn = (x: string, sign: 1 | -1): string =>
  sign > 0 ? `vec2f(-${x}.y, ${x}.x)` : `vec2f(${x}.y, -${x}.x)`;

/** x times exp(2 pi i turns). */
function turn(x: string, turns: number): string {
  const eighths = turns * 8;
  if (Math.abs(eighths) === 2) return quarterTurn(x, eighths > 0 ? 1 : -1);
  if (Math.abs(eighths) === 4) return `-${x}`;
  const [c, s] = [cos(turns), sin(turns)];
  if (eighths === 1) return `${literal(Math.SQRT1_2)} * vec2f(${x}.x - ${x}.y, ${x}.x + ${x}.y)`;
  if (eighths === -1) return `${literal(Math.SQRT1_2)} * vec2f(${x}.x + ${x}.y, ${x}.y - ${x}.x)`;
  return `product(${x}, ${vec2(c, s)})`;
}

/** Registers of a thread: few passes for long transforms, enough threads for short ones. */
function registersFor(points: number, most: number): number {
  const wanted = points >= 1024 || Math.log2(points) % 4 === 0 || points === 128 ? 16 : 8;
  return Math.min(points, points <= most ? points : wanted, most);
}

/** Longest transform that fits a workgroup with this memory and number of threads. */
export function longestTransform(workgroupBytes: number, invocations: number, registers: number): number {
  let points = 2 ** Math.floor(Math.log2(workgroupBytes / 8));
  while (points / registersFor(points, registers) > invocations) points /= 2;
  return points;
}

/**
 * Factors w^e = exp(-2 pi i e / length) for e < length, as the product of two entries of a table of two short
 * halves: `big_twiddle(e)` reads `factors`.
 */
export class FactorTable {
  readonly #bits: number;
  constructor(readonly length: number) {
    this.#bits = Math.ceil(Math.log2(length) / 2);
  }
  get tableKey(): string {
    return `factors ${this.length}`;
  }
  table(): Float32Array {
    const low = 2 ** this.#bits;
    const high = Math.ceil(this.length / low);
    const out = new Float32Array(2 * (low + high));
    for (let i = 0; i < low + high; i++) {
      const turns = (i < low ? i : (i - low) * low) / this.length;
      out[2 * i] = cos(turns);
      out[2 * i + 1] = -sin(turns);
    }
    return out;
  }
  text(): string {
    const low = 2 ** this.#bits;
    return `fn big_twiddle(e: u32) -> vec2f {
  return product(factors[e & ${low - 1}u], factors[${low}u + (e >> ${this.#bits}u)]);
}
`;
  }
}
