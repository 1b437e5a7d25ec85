/**
 * The pickles of the fMRI tars (`*.pyd`): one numpy array, one numpy scalar, or one plain number, protocols 2 to 5.
 *
 * A pickle is a program. This reads the dozen instructions that build such a value and never runs anything: the few
 * callables that numpy's own pickles name are recognised, all others are refused by name.
 */
import { Cursor } from './cursor.ts';
import { FormatError, quoted } from './format-error.ts';
import { checkSize, elements, type NdArray, toRowMajor } from './npy.ts';
import { type Dtype, decodeElements, parseDtype } from './npy-dtype.ts';

type Value =
  | { is: 'none' }
  | { is: 'bool'; value: boolean }
  | { is: 'number'; value: number }
  | { is: 'text'; value: string }
  | { is: 'bytes'; value: Uint8Array }
  | { is: 'tuple'; value: Value[] }
  | { is: 'callable'; value: Callable }
  | { is: 'dtype'; value: Dtype | null; descr: string }
  | { is: 'empty-array' }
  | { is: 'array'; value: NdArray };

type Callable = 'reconstruct' | 'frombuffer' | 'scalar' | 'ndarray' | 'dtype' | 'encode';

/** numpy 2 renamed `numpy.core`. */
const callables: Record<string, Callable> = {
  'numpy.core.multiarray._reconstruct': 'reconstruct',
  'numpy._core.multiarray._reconstruct': 'reconstruct',
  'numpy.core.multiarray.scalar': 'scalar',
  'numpy._core.multiarray.scalar': 'scalar',
  'numpy.core.numeric._frombuffer': 'frombuffer',
  'numpy._core.numeric._frombuffer': 'frombuffer',
  'numpy.ndarray': 'ndarray',
  'numpy.dtype': 'dtype',
  '_codecs.encode': 'encode',
};

/** An array, or a number as an array of shape (). */
export const readPickle = (bytes: Uint8Array, file: string): NdArray => locatePickle(bytes, file).array;

/**
 * The same, with the place of its elements: from byte `at` of the pickle on they lie in row-major order, little
 * endian. Null where they do not (Fortran order, big endian, protocol 2, which writes bytes as text).
 */
export function locatePickle(bytes: Uint8Array, file: string): { array: NdArray; at: number | null } {
  const machine = new Machine(new Cursor(bytes, file));
  const result = machine.run();
  if (result.is === 'array') return { array: result.value, at: machine.elementsAt };
  if (result.is === 'number')
    return { array: { dtype: 'f8', shape: [], data: Float64Array.of(result.value) }, at: null };
  return machine.fail(`the pickle holds ${named(result)}; a numpy array or a number belongs here`);
}

const named = (value: Value): string =>
  ({ none: 'None', bool: 'a bool', text: 'a str' })[value.is as 'none'] ?? value.is;

class Machine {
  readonly #stack: Value[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, Value>();
  #from = 0;
  /** Where the last array's elements lie in the pickle; null when they do not lie there as they are. */
  elementsAt: number | null = null;

  constructor(readonly cursor: Cursor) {}

  /** About the instruction that is being read. */
  error(reason: string): FormatError {
    return new FormatError(this.cursor.file, this.cursor.base + this.#from, reason);
  }
  fail(reason: string): never {
    throw this.error(reason);
  }

  run(): Value {
    const { cursor } = this;
    for (;;) {
      this.#from = cursor.at;
      const code = cursor.u8('a pickle instruction');
      if (code === 0x2e) {
        const result = this.#pop();
        if (cursor.left || this.#stack.length) this.fail('the pickle goes on after its end');
        return result;
      }
      const value = this.#literal(code);
      if (value) this.#stack.push(value);
      else this.#act(code);
    }
  }

  /** Instructions that push a value; null for the others. */
  #literal(code: number): Value | null {
    const { cursor } = this;
    const text = (n: number): Value => ({ is: 'text', value: cursor.utf8(n, 'a pickled string') });
    const bytes = (n: number): Value => ({ is: 'bytes', value: cursor.take(n, 'pickled bytes') });
    const number = (value: number): Value => ({ is: 'number', value });
    switch (code) {
      case 0x4e:
        return { is: 'none' };
      case 0x88:
      case 0x89:
        return { is: 'bool', value: code === 0x88 };
      case 0x4a:
        return number(cursor.i32('a pickled number'));
      case 0x4b:
        return number(cursor.u8('a pickled number'));
      case 0x4d:
        return number(cursor.u16('a pickled number'));
      case 0x47:
        return number(cursor.f64be('a pickled number'));
      case 0x8c:
        return text(cursor.u8('a length'));
      case 0x58:
        return text(cursor.u32('a length'));
      case 0x43:
        return bytes(cursor.u8('a length'));
      case 0x42:
        return bytes(cursor.u32('a length'));
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        return bytes(cursor.u64('a length'));
      case 0x29:
        return { is: 'tuple', value: [] };
      case 0x63:
        return this.#callable(this.#line(), this.#line());
      default:
        return null;
    }
  }

  #act(code: number): void {
    const { cursor } = this;
    switch (code) {
      case 0x80: {
        const protocol = cursor.u8('the protocol');
        if (protocol < 2 || protocol > 5) this.fail(`pickle protocol ${protocol} is not read; 2 to 5 are`);
        return;
      }
      case 0x95: // FRAME: only says how much could be read ahead
        if (cursor.u64('a frame') > cursor.left) this.fail('the pickle is cut short inside a frame');
        return;
      case 0x28:
        this.#marks.push(this.#stack.length);
        return;
      case 0x74: {
        const mark = this.#marks.pop();
        if (mark === undefined || mark > this.#stack.length) throw this.error('a tuple ends that has not begun');
        this.#stack.push({ is: 'tuple', value: this.#stack.splice(mark) });
        return;
      }
      case 0x85:
      case 0x86:
      case 0x87: {
        const items = Array.from({ length: code - 0x84 }, () => this.#pop()).reverse();
        this.#stack.push({ is: 'tuple', value: items });
        return;
      }
      case 0x94:
        this.#store(this.#memo.size);
        return;
      case 0x71:
        this.#store(cursor.u8('a memo index'));
        return;
      case 0x72:
        this.#store(cursor.u32('a memo index'));
        return;
      case 0x68:
        this.#fetch(cursor.u8('a memo index'));
        return;
      case 0x6a:
        this.#fetch(cursor.u32('a memo index'));
        return;
      case 0x93: {
        const name = this.#popText();
        this.#stack.push(this.#callable(this.#popText(), name));
        return;
      }
      case 0x52: {
        const args = this.#popTuple();
        const callable = this.#pop();
        if (callable.is !== 'callable') throw this.error(`the pickle calls ${named(callable)}`);
        this.#stack.push(this.#call(callable.value, args));
        return;
      }
      case 0x62:
        this.#build();
        return;
      default:
        this.fail(`the pickle instruction 0x${code.toString(16).padStart(2, '0')} is refused: no plain array needs it`);
    }
  }

  #line(): string {
    const end = this.cursor.bytes.indexOf(10, this.cursor.at);
    if (end < 0 || end - this.cursor.at > 200) this.fail('a name in the pickle has no end');
    const name = this.cursor.latin1(end - this.cursor.at, 'a name');
    this.cursor.at++;
    return name;
  }

  #callable(module: string, name: string): Value {
    const value = Object.hasOwn(callables, `${module}.${name}`) ? callables[`${module}.${name}`] : undefined;
    if (!value)
      return this.fail(`the pickle names ${quoted(`${module}.${name}`)}, which is refused: it could run code`);
    return { is: 'callable', value };
  }

  #call(callable: Callable, args: Value[]): Value {
    const wrong = (): never => this.fail(`the pickle calls numpy's ${callable} with other arguments than numpy writes`);
    const [first, second] = args;
    switch (callable) {
      case 'encode': {
        // Protocol 2 writes bytes as text.
        if (first?.is !== 'text' || second?.is !== 'text' || second.value !== 'latin1') return wrong();
        if (/[^\0-\xff]/.test(first.value)) return wrong();
        return { is: 'bytes', value: Buffer.from(first.value, 'latin1') };
      }
      case 'dtype': {
        if (first?.is !== 'text') return wrong();
        return { is: 'dtype', value: null, descr: first.value };
      }
      case 'reconstruct':
        if (first?.is !== 'callable' || first.value !== 'ndarray') return wrong();
        return { is: 'empty-array' };
      case 'frombuffer': {
        const [data, dtype, shape, order] = args;
        if (data?.is !== 'bytes' || order?.is !== 'text' || !/^[CF]$/.test(order.value)) return wrong();
        return this.#array(data.value, dtype, shape, order.value === 'F');
      }
      case 'scalar': {
        if (second?.is !== 'bytes') return wrong();
        return this.#array(second.value, first, { is: 'tuple', value: [] }, false);
      }
      default:
        return wrong();
    }
  }

  /** BUILD: completes a dtype with its byte order, or an array with its state. */
  #build(): void {
    const state = this.#popTuple();
    const target = this.#stack[this.#stack.length - 1];
    if (target?.is === 'dtype') {
      const [, order, ...rest] = state;
      // Fields, a base type or a shape make it a structured dtype.
      if (order?.is !== 'text' || !/^[<>|=]$/.test(order.value) || rest.slice(0, 3).some((v) => v.is !== 'none'))
        throw this.error('the pickle has a dtype that is not plain');
      target.value = parseDtype(order.value + target.descr, this.cursor.file, this.cursor.base + this.#from);
      return;
    }
    if (target?.is !== 'empty-array') throw this.error('the pickle sets the state of something that has none');
    const [, shape, dtype, fortran, data] = state;
    if (fortran?.is !== 'bool' || data?.is !== 'bytes') throw this.error('the pickle has an array without its bytes');
    const array = this.#array(data.value, dtype, shape, fortran.value);
    // The memo may hold the same object.
    Object.assign(target, array);
  }

  #array(data: Uint8Array, dtype: Value | undefined, shape: Value | undefined, fortran: boolean): Value {
    if (dtype?.is !== 'dtype' || !dtype.value || shape?.is !== 'tuple')
      return this.fail('the pickle has an array without dtype or shape');
    const sizes = shape.value.map((size) => (size.is === 'number' ? size.value : -1));
    if (sizes.length > 32 || sizes.some((size) => !Number.isSafeInteger(size) || size < 0))
      this.fail('the pickle has an array with a shape that is none');
    const { file, base } = this.cursor;
    checkSize(sizes, dtype.value, data.length, file, base + this.#from);
    const values = decodeElements(data, dtype.value, elements(sizes), file, base + this.#from);
    const { buffer, byteOffset } = this.cursor.bytes;
    const isPlain = data.buffer === buffer && !fortran && (!dtype.value.bigEndian || dtype.value.size === 1);
    this.elementsAt = isPlain ? data.byteOffset - byteOffset : null;
    return {
      is: 'array',
      value: { dtype: dtype.value.kind, shape: sizes, data: fortran ? toRowMajor(values, sizes) : values },
    };
  }

  #store(index: number): void {
    const top = this.#stack[this.#stack.length - 1];
    if (!top) this.fail('the pickle keeps a value that is not there');
    this.#memo.set(index, top);
  }

  #fetch(index: number): void {
    const value = this.#memo.get(index);
    if (!value) throw this.error(`the pickle asks for value ${index}, which it has not kept`);
    this.#stack.push(value);
  }

  #pop(): Value {
    const value = this.#stack.pop();
    return value ?? this.fail('the pickle takes a value where there is none');
  }
  #popText(): string {
    const value = this.#pop();
    return value.is === 'text' ? value.value : this.fail('the pickle has no string where a name belongs');
  }
  #popTuple(): Value[] {
    const value = this.#pop();
    return value.is === 'tuple' ? value.value : this.fail('the pickle has no tuple where arguments belong');
  }
}
