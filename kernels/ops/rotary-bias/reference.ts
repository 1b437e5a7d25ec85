import type { NdArray, ReferenceCall } from '../op.ts';
import type { RotaryBiasAttrs } from './op.ts';

const theta = (h: number, half: number): number => 10000 ** (-h / half);

export function forward({ inputs, outputs: [w], attrs: { positions: M } }: ReferenceCall<RotaryBiasAttrs>): void {
  const [a, b] = (inputs as NdArray[]).map((x) => x.data);
  const half = a.length / 2;
  for (let s = 1 - M; w && s < M; s++)
    for (let h = 0; h < half; h++) {
      const P = a[h] * b[h] + a[half + h] * b[half + h];
      const Q = a[h] * b[half + h] - a[half + h] * b[h];
      w.data[M - 1 + s] += P * Math.cos(s * theta(h, half)) - Q * Math.sin(s * theta(h, half));
    }
}

export function backward(call: ReferenceCall<RotaryBiasAttrs>): void {
  const { inputs, gradOutputs, gradInputs, attrs } = call;
  const [a, b] = (inputs as NdArray[]).map((x) => x.data);
  const [ga, gb] = gradInputs.map((x) => x?.data);
  const [g] = gradOutputs;
  const half = a.length / 2;
  const M = attrs.positions;
  for (let h = 0; g && h < half; h++) {
    let [P, Q] = [0, 0];
    for (let s = 1 - M; s < M; s++) {
      P += g.data[M - 1 + s] * Math.cos(s * theta(h, half));
      Q -= g.data[M - 1 + s] * Math.sin(s * theta(h, half));
    }
    if (ga) {
      ga[h] = P * b[h] + Q * b[half + h];
      ga[half + h] = P * b[half + h] - Q * b[h];
    }
    if (gb) {
      gb[h] = P * a[h] - Q * a[half + h];
      gb[half + h] = P * a[half + h] + Q * a[h];
    }
  }
}
