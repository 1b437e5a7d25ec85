import { tokenDefinition } from '../synthetics/definition.ts';
import { ownReading } from '../synthetics/hyena.ts';
import { type Majority, type MajorityOptions, openMajority } from '../synthetics/majority.ts';

/** Majority (Poli et al. 2023, Hyena, arXiv 2302.10866); the definition is ours. */
export default tokenDefinition<Majority, MajorityOptions>({
  ...{ id: 'majority', title: 'Majority, our reading of the Hyena paper', made: ownReading },
  open: openMajority,
  settings: ['vocabulary'],
});
