import { type DatasetSource, known, remembered, type SourceFile } from '../download/source.ts';

const card = 'the card of the Hugging Face dataset monology/pile-uncopyrighted';
const scripts = 'download scripts in several public repositories';
const copy = 'https://huggingface.co/datasets/monology/pile-uncopyrighted/resolve/main';

const file = (path: string, group: string): SourceFile => ({
  ...{ name: path.replace('/', '-'), form: 'jsonl.zst', group },
  urls: [known(`${copy}/${path}`, scripts)],
  ...{ bytes: null, sha256: null, md5: null },
  contents: known('one {"text", "meta": {"pile_set_name"}} a line', scripts),
});

/** The shards of the Pile that are still given to the public. */
const source: DatasetSource = {
  id: 'pile-uncopyrighted',
  title: 'The Pile without Books3, BookCorpus2, OpenSubtitles, YouTube subtitles and OpenWebText2',
  licence: remembered('the parts have the licences of their sources'),
  cite: 'Gao et al. 2020, The Pile, arXiv 2101.00027',
  usual: ['val', 'test'],
  files: [
    file('val.jsonl.zst', 'val'),
    file('test.jsonl.zst', 'test'),
    ...Array.from({ length: 30 }, (_, i) => file(`train/${String(i).padStart(2, '0')}.jsonl.zst`, 'train')),
  ],
  advice:
    `${card} says what was left out; the 30 training shards are --only train, and the first ` +
    'ones alone make a corpus too',
};
export default source;
