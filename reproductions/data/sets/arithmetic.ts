import type { DataDefinition } from '../definition.ts';
import { type Arithmetic, openArithmetic } from '../synthetics/arithmetic.ts';
import { tokenDefinition } from '../synthetics/definition.ts';
import { ownReading } from '../synthetics/hyena.ts';
import type { SyntheticTokens } from '../synthetics/token-set.ts';

/** Addition of numbers digit by digit (Poli et al. 2023, Hyena, arXiv 2302.10866); the definition is ours. */
const definition: DataDefinition<SyntheticTokens<Arithmetic>> = tokenDefinition(
  'arithmetic',
  'Addition, our reading of the Hyena paper',
  ownReading,
  openArithmetic,
);
export default definition;
