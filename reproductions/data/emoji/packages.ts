/** The packages that the pictures come from: the same emoji drawn by two vendors, 64 x 64 PNG files and one list. */
import type { NpmPackage } from '../definition.ts';

export interface EmojiVendor {
  name: string;
  pin: NpmPackage;
}

export const emojiVendors: readonly EmojiVendor[] = [
  {
    name: 'google',
    pin: {
      ...{ npm: 'emoji-datasource-google', version: '16.0.0', bytes: 74_344_091 },
      integrity: 'sha512-ZRexfzs7MVoLnmzZmNsO4TKhnAJp5D++Vm6PpUpH/jEQQlemp3l88CjZ+DoZ2faM9R4QxZkOPJCoT8DlPhfQ3A==',
      licence: 'MIT; pictures (Noto) Apache-2.0',
    },
  },
  {
    name: 'twitter',
    pin: {
      ...{ npm: 'emoji-datasource-twitter', version: '16.0.0', bytes: 61_683_754 },
      integrity: 'sha512-7F+uCuHH+7Qnrc15P5tnbvKkg9E6tlzi4MnT2uW1RlN4pLYTza6cP/dstIfSDMtpjFLWuZewWg8jBbuL2eyELQ==',
      licence: 'MIT; pictures (Twemoji) CC BY 4.0',
    },
  },
];
