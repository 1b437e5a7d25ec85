import type { DataDefinition } from '../definition.ts';
import { EMOJI_ID, isWhole, openEmoji } from '../emoji/emoji9.ts';
import { emojiVendors } from '../emoji/packages.ts';
import { verifyEmoji } from '../emoji/verify.ts';
import { imageBaselines } from '../image/baselines.ts';
import type { ImageDataset } from '../image/image-dataset.ts';

/** Emoji pictures in nine categories, in the place of CIFAR-10: `open` with `gray` for the shape of LRA Image. */
const definition: DataDefinition<ImageDataset> = {
  id: EMOJI_ID,
  title: 'emoji pictures in nine categories, in the place of CIFAR-10',
  made: `stand-in:${EMOJI_ID}`,
  source: 'cifar-10',
  realFolder: null,
  ingredients: emojiVendors.map(({ pin }) => pin),
  open: openEmoji,
  verify: verifyEmoji,
  // What is known belongs to all pictures, in colour.
  baselines: (data, options) => {
    const known = { majority: 0.243, ...(data.gray ? {} : { ridge: 0.635, nearest: 0.669 }) };
    return imageBaselines(data, options, isWhole(data) ? known : {});
  },
};
export default definition;
