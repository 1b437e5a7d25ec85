/**
 * Thrift's compact protocol, as parquet writes its metadata and page headers in it. Nothing is taken before it has been
 * seen to be there: lists are no longer than the bytes that are left, structures are nested at most 16 deep, numbers
 * are refused where a double does not hold them.
 */
import type { Cursor } from '../cursor.ts';

export type Value = boolean | number | Uint8Array | Value[] | Struct;
const DEEPEST = 16;

/** One structure: its fields by number, and where it lies, for messages. */
export class Struct {
  readonly #fields = new Map<number, Value>();

  constructor(
    readonly cursor: Cursor,
    readonly at: number,
    readonly what: string,
  ) {}

  set(field: number, value: Value): void {
    this.#fields.set(field, value);
  }
  fail(reason: string): never {
    return this.cursor.fail(`${this.what} ${reason}`, this.at);
  }

  /** An integer, not negative; `otherwise` when it is absent, and a `FormatError` when that is not given either. */
  count(field: number, name: string, otherwise?: number): number {
    const value = this.#fields.get(field) ?? otherwise;
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
    return this.fail(value === undefined ? `has no ${name}` : `has no number as ${name}, but ${show(value)}`);
  }
  /** An integer of any sign; null when it is absent. */
  integer(field: number, name: string): number | null {
    const value = this.#fields.get(field);
    if (value === undefined) return null;
    return typeof value === 'number' ? value : this.fail(`has no number as ${name}, but ${show(value)}`);
  }
  flag(field: number, otherwise: boolean): boolean {
    const value = this.#fields.get(field);
    return typeof value === 'boolean' ? value : otherwise;
  }
  text(field: number, name: string): string {
    const value = this.#fields.get(field);
    return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : this.fail(`has no ${name}`);
  }
  texts(field: number, name: string): string[] {
    return this.#list(field, name).map((value) =>
      value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : this.fail(`has something else as ${name}`),
    );
  }
  struct(field: number, name: string): Struct {
    const value = this.#fields.get(field);
    return value instanceof Struct ? value : this.fail(`has no ${name}`);
  }
  structs(field: number, name: string): Struct[] {
    return this.#list(field, name).map((value) =>
      value instanceof Struct ? value : this.fail(`has something else as ${name}`),
    );
  }
  has(field: number): boolean {
    return this.#fields.has(field);
  }
  #list(field: number, name: string): Value[] {
    const value = this.#fields.get(field);
    return Array.isArray(value) ? value : this.fail(`has no ${name}`);
  }
}

const show = (value: Value): string => (typeof value === 'object' ? 'something else' : String(value));

/** Reads one structure; the cursor is behind it afterwards. `what` names it: "the parquet metadata". */
export function readStruct(cursor: Cursor, what: string, depth = 0): Struct {
  const struct = new Struct(cursor, cursor.at, what);
  if (depth > DEEPEST) cursor.fail(`structures are nested more than ${DEEPEST} deep in ${what}`);
  for (let field = 0; ; ) {
    const byte = cursor.u8(what);
    const type = byte & 15;
    if (type === 0) return struct;
    field = byte >> 4 ? field + (byte >> 4) : zigzag(cursor, what);
    // The value of a boolean field is its type.
    struct.set(field, type === 1 || type === 2 ? type === 1 : readValue(cursor, type, what, depth));
  }
}

function readValue(cursor: Cursor, type: number, what: string, depth: number): Value {
  switch (type) {
    case 1:
    case 2:
      return cursor.u8(what) === 1;
    case 3:
      return cursor.u8(what);
    case 4:
    case 5:
    case 6:
      return zigzag(cursor, what);
    case 7:
      cursor.take(8, what);
      return 0; // no field that is read here is a double
    case 8:
      return cursor.take(varint(cursor, what), what);
    case 9:
    case 10: {
      const head = cursor.u8(what);
      const count = head >> 4 === 15 ? varint(cursor, what) : head >> 4;
      if (count > cursor.left) cursor.fail(`a list of ${count} items has ${cursor.left} bytes left in ${what}`);
      return Array.from({ length: count }, () => readValue(cursor, head & 15, what, depth + 1));
    }
    case 12:
      return readStruct(cursor, what, depth + 1);
    default:
      return cursor.fail(`a value in ${what} has the type ${type}, which parquet does not use`);
  }
}

/** Unsigned, seven bits a byte, the lowest first. */
export function varint(cursor: Cursor, what: string): number {
  let value = 0;
  let scale = 1;
  for (let n = 0; n < 10; n++) {
    const byte = cursor.u8(what);
    value += (byte & 127) * scale;
    if (byte < 128) return value <= Number.MAX_SAFE_INTEGER ? value : cursor.fail(`a number in ${what} is beyond 2^53`);
    scale *= 128;
  }
  return cursor.fail(`a number in ${what} has more than ten bytes`);
}

/** 0, -1, 1, -2, ... as 0, 1, 2, 3, ... */
function zigzag(cursor: Cursor, what: string): number {
  const value = varint(cursor, what);
  return value % 2 ? -(value + 1) / 2 : value / 2;
}
