import type { DataDefinition } from '../definition.ts';
import { speechBaselines } from '../speech-commands/baselines.ts';
import type { SpeechClips } from '../speech-commands/clips.ts';
import { openSpeechCommands } from '../speech-commands/open.ts';
import { verifySpeechCommands } from '../speech-commands/verify.ts';

/** The 10-way task of CKConv and of the first tables of S4 (Warden 2018, arXiv 1804.03209). */
const definition: DataDefinition<SpeechClips> = {
  id: 'speech-commands-10',
  title: 'Speech Commands v0.02, 10 words (SC10)',
  made: null,
  source: 'speech-commands',
  realFolder: '.',
  ingredients: [],
  open: (options) => openSpeechCommands(10, options),
  verify: (options) => verifySpeechCommands(10, options),
  baselines: (data, options) => speechBaselines(data, options),
};
export default definition;
