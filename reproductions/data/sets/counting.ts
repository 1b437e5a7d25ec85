import { type Counting, type CountingOptions, openCounting } from '../synthetics/counting.ts';
import { tokenDefinition } from '../synthetics/definition.ts';
import { ownReading } from '../synthetics/hyena.ts';

/** Counting (Poli et al. 2023, Hyena, arXiv 2302.10866); the definition is ours. */
export default tokenDefinition<Counting, CountingOptions>({
  ...{ id: 'counting', title: 'Counting, our reading of the Hyena paper', made: ownReading },
  open: openCounting,
  settings: ['vocabulary'],
});
