import type { DataDefinition } from '../definition.ts';
import { tokenDefinition } from '../synthetics/definition.ts';
import { ownReading } from '../synthetics/hyena.ts';
import { type Majority, openMajority } from '../synthetics/majority.ts';
import type { SyntheticTokens } from '../synthetics/token-set.ts';

/** Majority (Poli et al. 2023, Hyena, arXiv 2302.10866); the definition is ours. */
const definition: DataDefinition<SyntheticTokens<Majority>> = tokenDefinition(
  'majority',
  'Majority, our reading of the Hyena paper',
  ownReading,
  openMajority,
);
export default definition;
