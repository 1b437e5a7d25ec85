/**
 * The metadata of a folder of Pathfinder images (`metadata/<batch>.npy`): a line of eleven fields an image. The LRA
 * archive holds plain text under that name; the generator itself writes a numpy array of strings, shape (n, 11). The
 * first bytes decide.
 */
import { utf8 } from './cursor.ts';
import { FormatError, quoted } from './format-error.ts';
import { isNpy, readNpy } from './npy.ts';

export interface PathfinderRow {
  /** Folder and file of the image, below the level's folder: `imgs/0`, `sample_172.png`. */
  folder: string;
  file: string;
  number: number;
  /** 1: both discs lie on one contour. */
  label: 0 | 1;
  continuity: number;
  contourLength: number;
  distractorLength: number;
  paddleLength: number;
  paddleThickness: number;
  paddleMargin: number;
  paddleContrasts: number;
}

const FIELDS = 11;

export function readPathfinderMetadata(bytes: Uint8Array, file: string): PathfinderRow[] {
  const rows = isNpy(bytes) ? arrayRows(bytes, file) : textRows(bytes, file);
  if (!rows.length) throw new FormatError(file, 0, 'the metadata name no image');
  return rows.map(({ fields, offset }) => parseRow(fields, file, offset));
}

interface Row {
  fields: string[];
  offset: number | null;
}

function arrayRows(bytes: Uint8Array, file: string): Row[] {
  const { shape, data } = readNpy(bytes, file);
  if (shape.length !== 2 || shape[1] !== FIELDS || !Array.isArray(data))
    throw new FormatError(file, 0, `metadata are text of shape (n, ${FIELDS}), not (${shape.join(', ')})`);
  return Array.from({ length: shape[0] }, (_, i) => ({
    fields: data.slice(i * FIELDS, (i + 1) * FIELDS),
    offset: null,
  }));
}

function textRows(bytes: Uint8Array, file: string): Row[] {
  const text = utf8(bytes);
  if (text === null || text.includes('\0'))
    throw new FormatError(file, 0, 'the metadata are neither a numpy array nor text');
  let offset = 0;
  const rows: Row[] = [];
  for (const line of text.split('\n')) {
    const fields = line.trim().split(/ +/);
    if (fields[0] !== '') rows.push({ fields, offset });
    offset += Buffer.byteLength(line) + 1;
  }
  return rows;
}

function parseRow(fields: string[], file: string, offset: number | null): PathfinderRow {
  const fail = (what: string): never => {
    throw new FormatError(file, offset, `${what} in ${quoted(fields.join(' '))}`);
  };
  if (fields.length !== FIELDS) fail(`there are ${fields.length} fields instead of ${FIELDS}`);
  const [folder, name, ...rest] = fields;
  if (!/^[\w.-]+(\/[\w.-]+)*$/.test(folder) || folder.split('/').includes('..'))
    fail('the folder is not a folder name');
  if (!/^[\w.-]+\.png$/.test(name)) fail('the second field is not the name of a PNG file');
  const numbers = rest.map((field) =>
    /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(field) ? Number(field) : Number.NaN,
  );
  if (numbers.some((value) => !Number.isFinite(value))) fail('a field is not a number');
  const [number, label, continuity, contourLength, distractorLength, ...paddle] = numbers;
  if (label !== 0 && label !== 1) fail(`the label is ${fields[3]}, neither 0 nor 1,`);
  const [paddleLength, paddleThickness, paddleMargin, paddleContrasts] = paddle;
  return {
    folder,
    file: name,
    number,
    label: label as 0 | 1,
    continuity,
    contourLength,
    distractorLength,
    paddleLength,
    paddleThickness,
    paddleMargin,
    paddleContrasts,
  };
}
