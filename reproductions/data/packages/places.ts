/**
 * Where a package of the npm registry lives once fetched: `<cache>/packages/<name>@<version>/` (a scoped name makes a
 * folder of its scope) holds its files as they are in the tarball, `<name>@<version>.json` beside it says which tarball
 * that was. The folder appears whole or not at all, and after its record, so that both there means all there.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../cache.ts';
import type { NpmPackage } from '../definition.ts';

export interface PackageRecord {
  npm: string;
  version: string;
  /** Of the tarball: "sha512-<base64>". */
  integrity: string;
  /** Bytes of the tarball. */
  bytes: number;
  files: number;
  unpacked: number;
  /** `npm`, or the file of `--from`. */
  from: string;
  /** ISO 8601. */
  time: string;
}

export const packageId = ({ npm, version }: Pick<NpmPackage, 'npm' | 'version'>): string => `${npm}@${version}`;

/** Throws `RangeError` for what is no name or version of the registry, since both become parts of a path. */
export function packagePlace(pin: NpmPackage): { folder: string; record: string } {
  if (!/^(@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*$/i.test(pin.npm) || !/^\d[\w.+-]*$/.test(pin.version))
    throw new RangeError(`${packageId(pin)} is not a package of the npm registry with an exact version`);
  const folder = join(cacheFolder(), 'packages', ...packageId(pin).split('/'));
  return { folder, record: `${folder}.json` };
}

/** The name that `npm pack` gives to the tarball. */
export const tarballName = ({ npm, version }: NpmPackage): string =>
  `${npm.replace(/^@/, '').replace('/', '-')}-${version}.tgz`;

/** Null when the package is not here, or is one of another tarball than the pinned one. */
export function packageRecord(pin: NpmPackage): PackageRecord | null {
  const { folder, record } = packagePlace(pin);
  if (!existsSync(folder)) return null;
  try {
    const found = JSON.parse(readFileSync(record, 'utf8')) as PackageRecord;
    return found.integrity === pin.integrity ? found : null;
  } catch {
    return null;
  }
}

/** Whether every file is there with all its bytes, as far as counting and sizes tell: `repro data get` asks. */
export function isWhole(pin: NpmPackage): boolean {
  const record = packageRecord(pin);
  if (!record) return false;
  let [files, bytes] = [0, 0];
  const count = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) count(path);
      else {
        files++;
        bytes += statSync(path).size;
      }
    }
  };
  count(packagePlace(pin).folder);
  return files === record.files && bytes === record.unpacked;
}
