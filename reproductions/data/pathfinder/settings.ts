/**
 * What LRA asked of the Pathfinder generator ("hard" level: contours of 14 paddles, distractors of 4), by image
 * side. The divisions of the original Python 2 are integer divisions.
 */
export type PathfinderSize = 32 | 64 | 128 | 256;
export const pathfinderSizes: readonly PathfinderSize[] = [32, 64, 128, 256];

export interface PathfinderSettings {
  /** Side of the image in pixels. */
  size: PathfinderSize;
  /** Paddles per target contour and per distractor. */
  contour: number;
  distractor: number;
  /** Number of distractor contours. */
  distractors: number;
  /** Length and thickness of a paddle, pixels. */
  length: number;
  thickness: number;
  /** Clear space around a paddle, pixels; one is drawn per image. */
  margins: readonly number[];
  /** Occupied frame of the image, pixels. */
  padding: number;
  /** Distance of the two contours' first paddles, pixels. */
  seedDistance: number;
  markerRadius: number;
  /** Larger means straighter: paddles turn by at most 90 degrees / continuity. */
  continuity: number;
  distractorContrast: number;
  targetContrast: number;
}

/** Lines and discs are drawn this many times larger, then shrunk. */
export const ANTIALIAS = 2;
/** Further trials: per paddle, and per distractor. */
export const PADDLE_RETRIES = 2;
export const DISTRACTOR_RETRIES = 4;
/** Distractors are given up when less than this share of the image is free. */
export const LEAST_FREE = 0.01;

const common = { contour: 14, distractor: 4 };

export const lraSettings: Record<PathfinderSize, PathfinderSettings> = {
  32: {
    ...common,
    size: 32,
    distractors: 5,
    length: 2,
    thickness: 0.5,
    margins: [1],
    padding: 1,
    seedDistance: 7,
    markerRadius: 1.5,
    continuity: 1,
    distractorContrast: 2,
    targetContrast: 2 * 0.75,
  },
  64: {
    ...common,
    size: 64,
    distractors: 5,
    length: 5,
    thickness: 1,
    margins: [1],
    padding: 1,
    seedDistance: 12,
    markerRadius: 2.5,
    continuity: 1.8,
    distractorContrast: 0.8,
    targetContrast: 0.8,
  },
  128: {
    ...common,
    size: 128,
    distractors: 8,
    length: 5,
    thickness: 1.5,
    margins: [2, 3],
    padding: 1,
    seedDistance: 20,
    markerRadius: 3,
    continuity: 1.8,
    distractorContrast: 0.9,
    targetContrast: 0.9,
  },
  256: {
    ...common,
    size: 256,
    distractors: 7,
    length: 5,
    thickness: 2,
    margins: [3],
    padding: 22,
    seedDistance: 27,
    markerRadius: 5,
    continuity: 1.8,
    distractorContrast: 1,
    targetContrast: 1,
  },
};
