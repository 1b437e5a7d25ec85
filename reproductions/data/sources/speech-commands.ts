import { type DatasetSource, known, remembered } from '../download/source.ts';

const checksums = 'tensorflow/datasets url_checksums';
const hosts = ['https://storage.googleapis.com/download.tensorflow.org', 'http://download.tensorflow.org'];
const urls = (name: string) => hosts.map((host) => known(`${host}/data/${name}`, checksums));

/** One-second recordings of 35 words at 16 kHz. */
const source: DatasetSource = {
  id: 'speech-commands',
  title: 'Speech Commands v0.02 (SC35, SC10)',
  licence: known('CC BY 4.0', 'public dataset cards'),
  cite: 'Warden 2018, Speech Commands, arXiv 1804.03209',
  usual: ['recordings'],
  files: [
    {
      ...{ name: 'speech_commands_v0.02.tar.gz', form: 'tar.gz', group: 'recordings' },
      urls: urls('speech_commands_v0.02.tar.gz'),
      bytes: known(2_428_923_189, checksums),
      sha256: known('af14739ee7dc311471de98f5f9d2c9191b18aedfe957f4a6ff791c709868ff58', checksums),
      md5: null,
      contents: remembered(
        '<word>/<speaker>_nohash_<n>.wav, validation_list.txt, testing_list.txt, _background_noise_: 105829 clips, ' +
          '84843/9981/11005 by the lists',
      ),
    },
    {
      ...{ name: 'speech_commands_test_set_v0.02.tar.gz', form: 'tar.gz', group: 'test-set' },
      urls: urls('speech_commands_test_set_v0.02.tar.gz'),
      bytes: known(112_563_277, checksums),
      sha256: known('cc2a00c1147c2254e9be3fa0f779d8c17421dc349b86366567a8edfa9acd51df', checksums),
      md5: null,
      contents: known('the 12-way test set; the tables of S4 and SGConv do not use it', 'state-spaces/s4 loaders'),
    },
  ],
  advice: 'torchaudio and TensorFlow Datasets keep the same archive under the same name',
};
export default source;
