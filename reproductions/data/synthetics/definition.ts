import type { DataKind } from '../dataset.ts';
import type { DataDefinition, OpenOptions } from '../definition.ts';
import { tokenBaselines } from './baselines.ts';
import type { Language } from './language.ts';
import type { SyntheticSize, SyntheticTokens } from './token-set.ts';
import { verifyTokens } from './verify.ts';

/** Throws one sentence when real files were asked for: a language is published as a recipe, not as files. */
export function requireNoFolder(id: string, folder: string | undefined): void {
  if (folder !== undefined)
    throw new RangeError(
      `${id} is published as a recipe alone: there are no files to read in ${folder}, leave them out`,
    );
}

/** The definition of a synthetic language in its default setting; claims open others by `open` itself. */
export const tokenDefinition = <L extends Language>(
  id: string,
  title: string,
  made: DataKind,
  open: (options: SyntheticSize) => SyntheticTokens<L>,
): DataDefinition<SyntheticTokens<L>> => ({
  ...{ id, title, made, source: null, realFolder: null, ingredients: [] },
  async open({ folder, seed, sizes }: OpenOptions) {
    requireNoFolder(id, folder);
    return open({ ...(seed === undefined ? {} : { seed }), ...(sizes ? { sizes } : {}) });
  },
  async verify({ from, signal }) {
    requireNoFolder(id, from);
    return verifyTokens(open({}) as SyntheticTokens<Language>, signal);
  },
  baselines: async (data) => tokenBaselines(data as SyntheticTokens<Language>),
});
