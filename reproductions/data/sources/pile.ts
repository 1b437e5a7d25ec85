import { type DatasetSource, known, type SourceFile } from '../download/source.ts';

const eye = 'EleutherAI/the-pile';
const card = 'the card of the Hugging Face dataset EleutherAI/pile_val_test';
const copy = 'https://huggingface.co/datasets/EleutherAI/pile_val_test/resolve/main';

const shard = (path: string, group: string): SourceFile => ({
  ...{ name: path.replace('/', '-'), form: 'jsonl.zst', group },
  urls: [known(`https://the-eye.eu/public/AI/pile/${path}`, eye)],
  ...{ bytes: null, sha256: null, md5: null },
  contents: known('one {"text", "meta": {"pile_set_name"}} a line; several zstd frames are possible', eye),
});

const plain = (split: string, about: number): SourceFile => ({
  ...{ name: `${split}.jsonl`, form: 'jsonl', group: split },
  urls: [known(`${copy}/${split}.jsonl`, card)],
  bytes: null,
  about: known(about, card),
  ...{ sha256: null, md5: null },
  contents: known('one {"text", "meta": {"pile_set_name"}} a line', card),
});

/** 825 GiB in 30 shards. What the public can still get is the validation and the test split. */
const source: DatasetSource = {
  id: 'pile',
  title: 'The Pile',
  licence: known('the copy of val and test: MIT by its card; the parts have the licences of their sources', card),
  cite: 'Gao et al. 2020, The Pile, arXiv 2101.00027',
  usual: ['val', 'test'],
  files: [
    plain('val', 1_400_000_000),
    plain('test', 1_300_000_000),
    ...Array.from({ length: 30 }, (_, i) => shard(`train/${String(i).padStart(2, '0')}.jsonl.zst`, 'train')),
    shard('val.jsonl.zst', 'zst'),
    shard('test.jsonl.zst', 'zst'),
  ],
  advice:
    'the-eye.eu, which had the 30 training shards and the .zst splits, does not serve them since 2023; whoever ' +
    'has them (699 GB of disk after packing) gives them with --from',
};
export default source;
