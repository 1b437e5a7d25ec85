import { type DatasetSource, known, remembered, type SourceFile } from '../download/source.ts';

const checksums = 'huggingface/datasets dataset_infos';
const bucket = 'https://s3.amazonaws.com/research.metamind.io/wikitext';

const parquet = (name: string): SourceFile => ({
  ...{ name, form: 'parquet', group: 'parquet' },
  urls: [remembered(`https://huggingface.co/datasets/Salesforce/wikitext/resolve/main/wikitext-103-raw-v1/${name}`)],
  ...{ bytes: null, sha256: null, md5: null },
  contents: remembered('rows of the raw version, one column "text"'),
});

/** Raw for H3, Hyena and Long Conv (GPT-2 tokens); v1, tokenised by words, for S4 in the manner of Transformer-XL. */
const source: DatasetSource = {
  id: 'wikitext-103',
  title: 'WikiText-103, raw',
  licence: remembered('CC BY-SA'),
  cite: 'Merity et al. 2017, Pointer Sentinel Mixture Models, arXiv 1609.07843',
  usual: ['raw'],
  files: [
    {
      ...{ name: 'wikitext-103-raw-v1.zip', form: 'zip', group: 'raw' },
      urls: [known(`${bucket}/wikitext-103-raw-v1.zip`, checksums)],
      bytes: known(191_984_949, checksums),
      sha256: known('91c00ae287f0d699e18605c84afc9e45c192bc6b7797ff8837e5474655a33794', checksums),
      md5: null,
      contents: known(
        'wikitext-103-raw/wiki.{train,valid,test}.raw: 1801350, 3760, 4358 lines, empty ones included',
        checksums,
      ),
    },
    {
      ...{ name: 'wikitext-103-v1.zip', form: 'zip', group: 'v1' },
      urls: [known(`${bucket}/wikitext-103-v1.zip`, checksums)],
      bytes: known(190_229_076, checksums),
      sha256: known('242ba0f20b329cfdf1ccc61e9e9e5b59becf189db7f7a81cd2a0e2fc31539590', checksums),
      md5: null,
      contents: known('wikitext-103/wiki.{train,valid,test}.tokens', checksums),
    },
    parquet('train-00000-of-00002.parquet'),
    parquet('train-00001-of-00002.parquet'),
    parquet('validation-00000-of-00001.parquet'),
    parquet('test-00000-of-00001.parquet'),
  ],
  advice:
    'the S3 bucket has been reported dead; the Hugging Face copy (Salesforce/wikitext) has the raw version as ' +
    'parquet: --only parquet',
};
export default source;
