/**
 * The op contract: what an operator computes, independent of where it runs.
 *
 * An op is a folder: `op.ts` (default export: an `Op`; named exports: the functions that models call),
 * `reference.ts` (float64, slow and plain: the meaning), `cpu.cc`, `webgpu.ts` + `*.wgsl`, `cuda.cu`. A missing
 * file means "not on this device". Folders are discovered; there is no list to extend.
 */
import type { DType } from '../device/device.ts';

export type Shape = readonly number[];
export type Pass = 'forward' | 'backward';
export type Attrs = Readonly<Record<string, unknown>>;

/** A dense host array as references see it. Integer tensors hold integers in an Int32Array. */
export interface NdArray {
  readonly data: Float64Array | Int32Array;
  readonly shape: Shape;
}

/** Operands of a reference kernel; same rules as `Operands` of the device contract. Outputs arrive zeroed. */
export interface ReferenceCall<A extends Attrs = Attrs> {
  inputs: (NdArray | null)[];
  outputs: (NdArray | null)[];
  gradOutputs: (NdArray | null)[];
  gradInputs: (NdArray | null)[];
  attrs: A;
}
export interface ReferenceKernels<A extends Attrs = Attrs> {
  forward(call: ReferenceCall<A>): void;
  backward?(call: ReferenceCall<A>): void;
}

export interface InputSpec {
  name: string;
  /** Default `real`. */
  dtype?: DType;
  optional?: boolean;
  /** Whether a gradient can flow to it; default: true for `real`. */
  differentiable?: boolean;
}
export interface OutputSpec {
  name: string;
  dtype?: DType;
  /** Kept for the backward pass or the reader (statistics, log-sum-exp): no gradient flows from it. */
  auxiliary?: boolean;
  /** Its numbers are the device's own affair (the same thing written in another way): they are not compared. */
  opaque?: boolean;
}

/** Arithmetic and the least traffic with memory of one call: FLOPs (add and multiply count 1 each) and bytes. */
export interface Cost {
  flops: number;
  bytes: number;
}

/** How a generic test makes one input. */
export type Fill =
  | { kind: 'normal'; scale?: number; shift?: number }
  | { kind: 'uniform'; low: number; high: number }
  | { kind: 'integers'; below: number }
  | { kind: 'values'; values: readonly number[] };

/** One case of the generic test (`kernels/ops/check.ts`): the shapes, attributes and how to fill the inputs. */
export interface OpCase<A extends Attrs = Attrs> {
  name: string;
  /** null: the optional input is left out. */
  shapes: (Shape | null)[];
  attrs: A;
  fills?: (Fill | undefined)[];
  /** Axis of time, for the causality test: [axis of input 0, axis of output 0]. */
  causal?: [number, number];
  /** Why the gradient is by definition not the derivative here (a padding row, a tie); the derivative test leaves it out. */
  notDerivative?: string;
  /** Overrides the op's tolerance (scale-relative maximum error against the float64 reference). */
  tolerance?: number;
}

export interface Op<A extends Attrs = Attrs> {
  /** Folder name. */
  id: string;
  inputs: InputSpec[];
  outputs: OutputSpec[];
  /** Output shapes. Throws a `ShapeError` with one clear sentence when the operands do not fit together. */
  infer(shapes: (Shape | null)[], attrs: A): Shape[];
  /** Which inputs and outputs the backward pass reads (indices). */
  saves(attrs: A): { inputs: number[]; outputs: number[] };
  /** Attributes as numbers, in the order that cpu.cc documents. */
  pack(attrs: A): number[];
  cost(shapes: (Shape | null)[], attrs: A): { forward: Cost; backward: Cost };
  /**
   * Upper estimate of the bytes that the CPU's kernels hold for this op beside its operands, when `threads` work.
   * Absent: little enough not to matter. Memory estimates of whole models add it up.
   */
  workspace?(shapes: (Shape | null)[], attrs: A, pass: Pass, threads: number): number;
  /** Inputs that the op updates in place (optimiser steps, running statistics). Such ops may have no backward. */
  mutates?: number[];
  /** gradInput i is exactly gradOutput j, same shape: passed on without a kernel. Return j or null. */
  passesGradient?(input: number, shapes: (Shape | null)[], attrs: A): number | null;
  /** False: the op has no backward pass at all. */
  differentiable?: boolean;
  cases: OpCase<A>[];
  /** Scale-relative maximum error allowed on fast (f32) devices. */
  tolerance: number;
}

/** The operands do not fit together. */
export class ShapeError extends Error {
  override name = 'ShapeError';
}

export const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1);
export const showShape = (shape: Shape | null): string => (shape ? `(${shape.join(', ')})` : 'none');

export function requireShape(condition: boolean, op: string, sentence: string): asserts condition {
  if (!condition) throw new ShapeError(`${op}: ${sentence}`);
}

/** Defines an op: keeps the attribute type while giving registries a uniform one. */
export function defineOp<A extends Attrs>(op: Op<A>): Op<A> {
  return op;
}
