import { type DatasetSource, known, remembered } from '../download/source.ts';

const checksums = 'tensorflow/datasets url_checksums';
const loaders = 'public loaders of the Python version';

/** LRA Image, sequential CIFAR. The binary version: 10,000 records of 3073 bytes a file. */
const source: DatasetSource = {
  id: 'cifar-10',
  title: 'CIFAR-10, binary version (LRA Image, sequential CIFAR)',
  licence: remembered('not stated; research use, cite the report'),
  cite: 'Krizhevsky 2009, Learning Multiple Layers of Features from Tiny Images',
  usual: ['binary'],
  files: [
    {
      ...{ name: 'cifar-10-binary.tar.gz', form: 'tar.gz', group: 'binary' },
      urls: [known('https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz', checksums)],
      bytes: known(170_052_171, checksums),
      sha256: known('c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd', checksums),
      md5: null,
      contents: remembered(
        'cifar-10-batches-bin/{data_batch_1..5,test_batch}.bin: 50000 train, 10000 test; label, 1024 R, 1024 G, 1024 B',
      ),
    },
    {
      ...{ name: 'cifar-10-python.tar.gz', form: 'tar.gz', group: 'python' },
      urls: [known('https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz', loaders)],
      ...{ bytes: null, sha256: null },
      md5: known('c58f30108f718f92721af3b95e74349a', loaders),
      contents: known('data_batch_1..5 and test_batch as Python pickles', loaders),
    },
  ],
  advice: 'both archives hold the same images; the binary one is the one that is read here',
};
export default source;
