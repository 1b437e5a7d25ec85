import { type DatasetSource, known, remembered } from '../download/source.ts';

const release = 'google-research/long-range-arena README (cd31e5c)';

/** The Long Range Arena archive: ListOps, Retrieval (AAN), Pathfinder at all sizes. Text and Image are not in it. */
const source: DatasetSource = {
  id: 'lra',
  title: 'Long Range Arena release: ListOps, AAN, Pathfinder 32/64/128/256',
  licence: known('code Apache-2.0; the data files carry no licence text', release),
  cite: 'Tay et al. 2021, Long Range Arena, arXiv 2011.04006',
  usual: ['release'],
  files: [
    {
      ...{ name: 'lra_release.gz', form: 'tar.gz', group: 'release' },
      urls: [known('https://storage.googleapis.com/long-range-arena/lra_release.gz', release)],
      bytes: null,
      about: known(7_700_000_000, 'a public README says 7.7 GB; another note says about 2 GB'),
      ...{ sha256: null, md5: null },
      contents: known(
        'lra_release/lra_release/{listops-1000, tsv_data, pathfinder32, pathfinder64, pathfinder128, pathfinder256}; ' +
          'ListOps 96000/2000/2000 rows, Pathfinder 200000 hard images a size',
        'state-spaces/s4 README (e757cef) and its loaders',
      ),
      // Of Pathfinder the loaders read the hard level alone: a third of 2.4 million small files.
      needed: known(
        /(^|\/)(listops-1000|tsv_data)\/|(^|\/)pathfinder\d+\/curv_contour_length_14\//,
        'state-spaces/s4 loaders',
      ),
    },
    {
      ...{ name: 'pathfinder_tfds.gz', form: 'tar.gz', group: 'tfds' },
      urls: [known('https://storage.googleapis.com/long-range-arena/pathfinder_tfds.gz', 'a third-party README')],
      ...{ bytes: null, sha256: null, md5: null },
      contents: remembered('Pathfinder as TensorFlow Datasets records'),
    },
  ],
  advice:
    'a public note reports that storage.googleapis.com refused this file (HTTP 403) on 2026-08-31; ' +
    'ListOps and Pathfinder can be made here by their published generators (--data offline), and ' +
    'the Hugging Face dataset OpenNLPLab/lra is a preprocessed copy in another layout',
};
export default source;
