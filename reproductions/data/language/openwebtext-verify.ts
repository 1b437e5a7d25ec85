/** What is known of OpenWebText: its size (the dataset's card) and its GPT-2 tokens by this split (nanoGPT's read-me). */
import { MissingFileError } from '../dataset.ts';
import type { Verified, VerifyOptions } from '../definition.ts';
import { compareExactly, shown, tokenComplaints } from './compare.ts';
import { type OpenWebTextOptions, openOpenWebText } from './openwebtext.ts';

const documents = 8_013_769;
/** As Hugging Face counts, with a few bytes for every row. */
const bytesOfText = 39_769_494_896;
const heldOutDocuments = 4_007;
const tokens = { train: 9_035_582_198, validation: 4_434_897 };

export async function verifyOpenWebText({
  from,
  ...options
}: VerifyOptions & Pick<OpenWebTextOptions, 'ranks'>): Promise<Verified> {
  if (from === undefined)
    throw new MissingFileError('openwebtext is read from its files: repro data get openwebtext, or --from <them>');
  const data = await openOpenWebText({ ...options, folder: from });
  const { train, validation } = data.packed;
  const bytes = train.bytes + validation.bytes;
  const rows = [
    compareExactly('documents', train.documents + validation.documents, documents),
    compareExactly('validation: documents', validation.documents, heldOutDocuments),
    {
      ...{ quantity: 'bytes of text', here: String(bytes), reference: String(bytesOfText) },
      ...{ distance: Math.abs(bytes / bytesOfText - 1), limit: 0.002, measure: 'share' },
    },
    compareExactly('train: tokens', train.tokens, tokens.train),
    compareExactly('validation: tokens', validation.tokens, tokens.validation),
    shown('test', 'the validation split'),
  ];
  const complaints = tokenComplaints(data);
  data.close?.();
  return { what: `OpenWebText in ${from}, with GPT-2's tokens`, rows, complaints };
}
