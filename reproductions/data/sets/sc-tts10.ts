import type { DataDefinition } from '../definition.ts';
import { ttsBaselines } from '../sc-tts/baselines.ts';
import { openTts } from '../sc-tts/open.ts';
import { verifyTts } from '../sc-tts/verify.ts';
import type { SpeechClips } from '../speech-commands/clips.ts';

/** In the place of Speech Commands with 10 words: its words, no recordings of it. */
const definition: DataDefinition<SpeechClips> = {
  id: 'sc-tts10',
  title: 'the 10 words of Speech Commands, spoken by espeak-ng',
  made: 'stand-in:sc-tts10',
  source: 'speech-commands',
  realFolder: null,
  ingredients: [
    { debian: 'espeak-ng', program: 'espeak-ng', licence: 'GPL-3+ (the program; no clip is shipped)' },
    { debian: 'flite', program: 'flite', licence: 'CMU, BSD-like (the program; no clip is shipped)' },
  ],
  open: (options) => openTts(10, options),
  verify: (options) => verifyTts(10, options),
  baselines: (data, options) => ttsBaselines(10, data, options),
};
export default definition;
