/**
 * The Long Range Arena tasks as the S4 line of papers runs them (Tay et al. 2020, arXiv 2011.04006, with the
 * loaders of the S4 repository): input, longest sequence, classes.
 */
import type { InputKind } from '../networks/encoder.ts';

export const lraTasks = ['listops', 'text', 'retrieval', 'image', 'pathfinder', 'pathx'] as const;
export type LraTask = (typeof lraTasks)[number];

export interface LraTaskShape {
  title: string;
  /** Longest sequence, end mark included. */
  length: number;
  input: InputKind;
  classes: number;
  /** Two documents per example. */
  pairs: boolean;
}

export const lraTaskShapes: Record<LraTask, LraTaskShape> = {
  listops: { title: 'ListOps', length: 2048, input: { kind: 'tokens', vocabulary: 18 }, classes: 10, pairs: false },
  text: { title: 'Text', length: 4096, input: { kind: 'tokens', vocabulary: 135 }, classes: 2, pairs: false },
  retrieval: { title: 'Retrieval', length: 4000, input: { kind: 'tokens', vocabulary: 98 }, classes: 2, pairs: true },
  image: { title: 'Image', length: 1024, input: { kind: 'real', dims: 1 }, classes: 10, pairs: false },
  pathfinder: { title: 'Pathfinder', length: 1024, input: { kind: 'real', dims: 1 }, classes: 2, pairs: false },
  pathx: { title: 'Path-X', length: 16384, input: { kind: 'real', dims: 1 }, classes: 2, pairs: false },
};
