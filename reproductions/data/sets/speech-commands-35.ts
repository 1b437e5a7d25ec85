import type { DataDefinition } from '../definition.ts';
import { speechBaselines } from '../speech-commands/baselines.ts';
import type { SpeechClips } from '../speech-commands/clips.ts';
import { openSpeechCommands } from '../speech-commands/open.ts';
import { verifySpeechCommands } from '../speech-commands/verify.ts';

/** The 35-way task of the tables of S4 and SGConv (Warden 2018, arXiv 1804.03209). */
const definition: DataDefinition<SpeechClips> = {
  id: 'speech-commands-35',
  title: 'Speech Commands v0.02, 35 words (SC35)',
  made: null,
  source: 'speech-commands',
  realFolder: '.',
  ingredients: [],
  open: (options) => openSpeechCommands(35, options),
  verify: (options) => verifySpeechCommands(35, options),
  baselines: (data, options) => speechBaselines(data, options),
};
export default definition;
