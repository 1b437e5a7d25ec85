import { type DatasetSource, known, remembered } from '../download/source.ts';

const checksums = 'tensorflow/datasets url_checksums and huggingface/datasets dataset_infos';

/** LRA Text: film reviews, positive or negative. */
const source: DatasetSource = {
  id: 'imdb',
  title: 'Large Movie Review Dataset (LRA Text)',
  licence: remembered('not stated; research use, cite the paper'),
  cite: 'Maas et al. 2011, Learning Word Vectors for Sentiment Analysis, ACL',
  usual: ['reviews'],
  files: [
    {
      ...{ name: 'aclImdb_v1.tar.gz', form: 'tar.gz', group: 'reviews' },
      urls: [
        known('http://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz', checksums),
        remembered('https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz'),
      ],
      bytes: known(84_125_825, checksums),
      sha256: known('c40f74a18d3b61f90feba1e17730e0d38e8b97c05fde7008942e91923d1658fe', checksums),
      md5: null,
      contents: remembered(
        'aclImdb/{train,test}/{neg,pos}/<id>_<stars>.txt: 25000 train, 25000 test, 50000 unlabelled reviews',
      ),
      // The 50,000 unlabelled reviews are read by nobody.
      needed: known(/(^|\/)(train|test)\/(neg|pos)\//, 'state-spaces/s4 loaders'),
    },
  ],
  advice: 'the Hugging Face dataset imdb has the same reviews as parquet, in another layout',
};
export default source;
