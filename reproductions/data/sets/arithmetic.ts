import { type Arithmetic, type ArithmeticOptions, openArithmetic } from '../synthetics/arithmetic.ts';
import { tokenDefinition } from '../synthetics/definition.ts';
import { ownReading } from '../synthetics/hyena.ts';

/** Addition of numbers digit by digit (Poli et al. 2023, Hyena, arXiv 2302.10866); the definition is ours. */
export default tokenDefinition<Arithmetic, ArithmeticOptions>({
  ...{ id: 'arithmetic', title: 'Addition, our reading of the Hyena paper', made: ownReading },
  open: openArithmetic,
  settings: ['digits'],
});
