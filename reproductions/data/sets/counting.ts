import type { DataDefinition } from '../definition.ts';
import { type Counting, openCounting } from '../synthetics/counting.ts';
import { tokenDefinition } from '../synthetics/definition.ts';
import { ownReading } from '../synthetics/hyena.ts';
import type { SyntheticTokens } from '../synthetics/token-set.ts';

/** Counting (Poli et al. 2023, Hyena, arXiv 2302.10866); the definition is ours. */
const definition: DataDefinition<SyntheticTokens<Counting>> = tokenDefinition(
  'counting',
  'Counting, our reading of the Hyena paper',
  ownReading,
  openCounting,
);
export default definition;
