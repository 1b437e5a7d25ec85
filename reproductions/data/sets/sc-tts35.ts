import type { DataDefinition } from '../definition.ts';
import { ttsBaselines } from '../sc-tts/baselines.ts';
import { openTts } from '../sc-tts/open.ts';
import { verifyTts } from '../sc-tts/verify.ts';
import type { SpeechClips } from '../speech-commands/clips.ts';

/** In the place of Speech Commands with 35 words: its words, no recordings of it. */
const definition: DataDefinition<SpeechClips> = {
  id: 'sc-tts35',
  title: 'the 35 words of Speech Commands, spoken by espeak-ng',
  made: 'stand-in:sc-tts35',
  source: 'speech-commands',
  realFolder: null,
  ingredients: [
    { debian: 'espeak-ng', program: 'espeak-ng', licence: 'GPL-3+ (the program; no clip is shipped)' },
    { debian: 'flite', program: 'flite', licence: 'CMU, BSD-like (the program; no clip is shipped)' },
  ],
  open: (options) => openTts(35, options),
  verify: (options) => verifyTts(35, options),
  baselines: (data, options) => ttsBaselines(35, data, options),
};
export default definition;
