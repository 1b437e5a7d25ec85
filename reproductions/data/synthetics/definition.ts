import { UsageError } from '../../../results/terminal/errors.ts';
import type { DataKind } from '../dataset.ts';
import type { DataDefinition, OpenOptions } from '../definition.ts';
import { tokenBaselines } from './baselines.ts';
import { verifyFile } from './from-file.ts';
import type { Language } from './language.ts';
import type { SyntheticTokens } from './token-set.ts';
import { verifySeveral, verifyTokens } from './verify.ts';

/** Training examples that statistics are taken of, where a set has fewer: its own and those that would follow. */
const FEWEST = 5_000;

/** Throws one sentence when real files were asked for: a language is published as a recipe, not as files. */
export function requireNoFolder(id: string, folder: string | undefined): void {
  if (folder !== undefined)
    throw new UsageError(
      `${id} is published as a recipe alone: there are no files to read in ${folder}, leave them out`,
    );
}

export interface Spoken<L extends Language, O> {
  id: string;
  title: string;
  made: DataKind;
  open(options: O): SyntheticTokens<L>;
  /** Names of the settings that examples in a file may have. */
  settings: readonly (keyof O & string)[];
  /** Other settings that `verify` looks at as well. */
  also?: readonly O[];
}

/** The definition of a synthetic language in its default setting; claims open others by its `open...` function. */
export function tokenDefinition<L extends Language, O extends Pick<OpenOptions, 'seed' | 'sizes'>>(
  spoken: Spoken<L, O>,
): DataDefinition<SyntheticTokens<L>> {
  const { id, title, made, settings, also = [] } = spoken;
  const open = (options: object) => spoken.open(options as O);
  const one = { train: 1, validation: 1, test: 1 };
  return {
    ...{ id, title, made, source: null, realFolder: null, ingredients: [] },
    async open({ folder, seed, sizes }) {
      requireNoFolder(id, folder);
      return open({ ...(seed === undefined ? {} : { seed }), ...(sizes ? { sizes } : {}) });
    },
    async verify({ from, signal }) {
      if (from !== undefined) {
        const languageOf = (given: object) => open({ ...given, sizes: one }).language as Language;
        return await verifyFile(from, settings, languageOf, signal);
      }
      const sets = [{}, ...also].map((options) => {
        const data = open(options);
        const sizes = { ...data.sizes, train: FEWEST };
        return data.sizes.train < FEWEST ? open({ ...options, sizes }) : data;
      }) as SyntheticTokens<Language>[];
      return sets.length > 1 ? verifySeveral(sets, signal) : verifyTokens(sets[0], signal);
    },
    baselines: async (data) => tokenBaselines(data as SyntheticTokens<Language>),
  };
}
