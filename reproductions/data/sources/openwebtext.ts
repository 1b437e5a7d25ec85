import { type DatasetSource, known, remembered } from '../download/source.ts';

const checksums = 'huggingface/datasets dataset_infos';

const source: DatasetSource = {
  id: 'openwebtext',
  title: 'OpenWebText',
  licence: remembered('packaging CC0; the contents belong to their authors'),
  cite: 'Gokaslan and Cohen 2019, OpenWebText Corpus',
  usual: ['corpus'],
  files: [
    {
      ...{ name: 'openwebtext.tar.xz', form: 'tar.xz', group: 'corpus' },
      urls: [known('https://zenodo.org/record/3834942/files/openwebtext.tar.xz', checksums)],
      bytes: known(12_880_027_468, checksums),
      sha256: known('9fe39d154c5bc67da8c359415372b79510eb1e2edb0d035fe4f7fc3a732b9336', checksums),
      md5: null,
      contents: known('8013769 documents, 39769494896 bytes of text, in archives within the archive', checksums),
    },
  ],
  advice: 'zenodo slows down many connections from one place: one at a time, and let it go on where it broke',
};
export default source;
