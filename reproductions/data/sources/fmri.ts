import { type DatasetSource, known, remembered } from '../download/source.ts';

const commit = '4a896b4ef7ffd5ad276961b59cf6fc48bd5291f6';
const repository = 'athms/learning-from-brains';

/** Brain recordings as 1024 DiFuMo networks over time, one tar a run, inside a Git repository. */
const source: DatasetSource = {
  id: 'fmri',
  title: 'Learning from brains: upstream and downstream fMRI runs',
  licence: known('not stated for the derived data (sources: OpenNeuro CC0, HCP has its own terms)', repository),
  cite: 'Thomas, Re and Poldrack 2022, Self-Supervised Learning of Brain Dynamics From Broad Neuroimaging Data',
  usual: ['snapshot'],
  files: [
    {
      ...{ name: `learning-from-brains-${commit.slice(0, 12)}.tar.gz`, form: 'tar.gz', group: 'snapshot' },
      // The address form is GitHub's; the commit was read in the repository.
      urls: [remembered(`https://codeload.github.com/${repository}/tar.gz/${commit}`)],
      bytes: null,
      about: known(13_200_000_000, 'size of a snapshot of the repository'),
      ...{ sha256: null, md5: null },
      contents: known(
        'data/{upstream,downstream}/<set>/ds-<set>_sub-<id>_task-<t>_run-<n>.tar with <key>.bold.pyd (time x 1024 ' +
          'float32) and <key>.t_r.pyd; 34 upstream sets',
        repository,
      ),
    },
  ],
  advice:
    `codeload.github.com makes the archive while it sends it: no ranges, and it may end early. The sure way is ` +
    `git clone --depth 1 https://github.com/${repository}, whose folder is then given with --data`,
};
export default source;
