import type { NdArray, ReferenceCall } from '../op.ts';
import type { RotaryAttrs } from './op.ts';

function turn(x: NdArray | null, y: NdArray | null, { offset, base }: RotaryAttrs, sign: number): void {
  if (!x || !y) return;
  const [, L, h, d] = x.shape;
  for (let at = 0; at < x.data.length; at += d) {
    const position = (Math.floor(at / (h * d)) % L) + offset;
    for (let j = 0; j < d / 2; j++) {
      const angle = sign * position * base ** ((-2 * j) / d);
      const [a, b] = [x.data[at + j], x.data[at + j + d / 2]];
      y.data[at + j] = a * Math.cos(angle) - b * Math.sin(angle);
      y.data[at + j + d / 2] = a * Math.sin(angle) + b * Math.cos(angle);
    }
  }
}

export const forward = ({ inputs, outputs, attrs }: ReferenceCall<RotaryAttrs>): void =>
  turn(inputs[0], outputs[0], attrs, 1);
export const backward = ({ gradOutputs, gradInputs, attrs }: ReferenceCall<RotaryAttrs>): void =>
  turn(gradOutputs[0], gradInputs[0], attrs, -1);
