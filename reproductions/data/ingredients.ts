/** What a stand-in is made of: packages of the npm registry, and programs of Debian's. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { DataDefinition, DebianProgram, Ingredient, NpmPackage } from './definition.ts';
import { havePackage } from './packages/packages.ts';

export const isPackage = (ingredient: Ingredient): ingredient is NpmPackage => 'npm' in ingredient;

/** Whether a program can be run from here. */
export function haveProgram({ program }: DebianProgram, path = process.env.PATH ?? ''): boolean {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return folder !== '';
    } catch {
      return false;
    }
  });
}

export const haveIngredient = (ingredient: Ingredient): boolean =>
  isPackage(ingredient) ? havePackage(ingredient) : haveProgram(ingredient);

export const ingredientName = (ingredient: Ingredient): string =>
  isPackage(ingredient) ? `${ingredient.npm}@${ingredient.version}` : ingredient.debian;

/** The programs that must be installed by hand, as one sentence; null when they are there. */
export function missingPrograms({ id, ingredients }: DataDefinition): string | null {
  const missing = ingredients.filter((one): one is DebianProgram => !isPackage(one) && !haveProgram(one));
  if (!missing.length) return null;
  const names = missing.map(({ debian }) => debian).join(' ');
  return `${id} is made with ${missing.map(({ program }) => program).join(' and ')}, not installed here: apt-get install ${names}`;
}

/** What must be done before a dataset can be made, as one sentence; null when it can be made now. */
export function missingIngredient(definition: DataDefinition): string | null {
  const programs = missingPrograms(definition);
  if (programs) return programs;
  const missing = definition.ingredients.filter(isPackage).filter((pin) => !havePackage(pin));
  return missing.length
    ? `${definition.id} is made from ${missing.map(ingredientName).join(' and ')}, not here yet: repro data get ${definition.id}`
    : null;
}
