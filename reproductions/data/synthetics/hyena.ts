/**
 * What the Hyena paper says of its synthetic tasks (Poli et al. 2023, arXiv 2302.10866, section 4.1 and table A.1):
 * lengths, vocabularies and 2,000 training examples. Of majority, counting, in-context regression and arithmetic it
 * gives one line each and no code was published (safari's loader knows associative recall and induction heads alone),
 * so those are defined here, in the docstring of each, and are called variants: no number of the paper is theirs.
 */
export const hyenaLengths = [1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 131_072] as const;
export const hyenaVocabularies = [10, 20, 30, 40] as const;
/** Training as in the paper; test as safari's default; validation is ours. */
export const hyenaSizes = { train: 2_000, validation: 500, test: 500 } as const;
export const hyenaSource = 'Poli et al. 2023, Hyena, arXiv 2302.10866, section 4.1 and table A.1';

export const ownReading = "generated-variant:our reading of the paper's one line" as const;
