/** The Pile, and what of it is still given to the public. */
import type { DataKind } from '../dataset.ts';
import { withdrawn } from './pile-components.ts';

export interface PileEdition {
  /** Of the dataset and of its source. */
  id: string;
  kind: DataKind;
  title: string;
  /** Components that it lacks. */
  without: readonly string[];
}

export const wholePile: PileEdition = { id: 'pile', kind: 'real', title: 'The Pile', without: [] };

/** Seven tenths of the bytes: another distribution, whose perplexities are not those of the papers. */
export const openPileEdition: PileEdition = {
  id: 'pile-uncopyrighted',
  kind: 'stand-in:pile-uncopyrighted',
  title: `The Pile without ${withdrawn.join(', ')}`,
  without: withdrawn,
};
