/**
 * One SGConv layer on a sequence of one million steps (Li et al. 2022, "What Makes Convolutional Models Great on Long
 * Sequence Modeling?", arXiv 2210.09298; the repository's README and test.ipynb): its kernel needs few parameters, and
 * the layer fits one GPU. Configuration: that of the notebook, `sgconv-1m-standalone`: d_model 256, base length 32,
 * two-sided, decay 2, a linear output map, input (1, 256, 1000000), float32.
 *
 *   repro sgconv-memory-1m --scale desk
 *   published: 8.196 GB allocated after the forward pass, 21.825 GB reserved, "20 GB" in the README;
 *              kernel of 1048576 taps before cropping, 2000000 returned, mean norm 219504
 */

import type { MeasuredRow, Observation } from '../../results/measurement.ts';
import { studentQuantile } from '../../results/statistics.ts';
import type { Scale } from '../claim.ts';
import { countLayer, estimateLayer, runLayer } from '../measure/layer-memory.ts';
import type { MeasurementClaim } from '../measure/measurement.ts';

const million = 1_000_000;
const width = 256;
const config = { kernelDim: 32, bidirectional: true, mode: 'cat', decayMin: 2, decayMax: 2, output: 'linear' } as const;

/** Only the length of the run is smaller at smoke scale; what is counted is counted at a million. */
const lengthOf = (scale: Scale): number => (scale === 'smoke' ? 20_000 : million);
const atMillion = { least: million, most: million };
const cell = (task: string) => ({ sgconv: { model: 'SGConv layer', task, lengths: atMillion } });

/** What float32 cannot go below: the input and the output, or the input and the gradient of the output, and the parameters. */
const floor = (length: number, parameters: number): number => 4 * (2 * width * length + parameters);

const claim: MeasurementClaim = {
  kind: 'measurement',
  id: 'sgconv-memory-1m',
  title: 'One SGConv layer on one million steps',
  paper: { title: 'What Makes Convolutional Models Great on Long Sequence Modeling?', arxiv: '2210.09298' },
  table: 'README and test.ipynb of the repository',
  published: 'memory-1m',
  criterion:
    "the kernel has exactly the published lengths; the published mean norm lies in the 95 % interval for another draw of 512 kernels; and, of this device's memory, the layer's is no more than the published at the same point: after the forward pass, at its peak, and at the peak of forward and backward against the README's 20 GB",
  shows:
    'That a layer on a million steps has the published counts of kernel and parameters, and fits into less memory than was published after its forward pass and at the peak of its training. ' +
    "The published memory is a graphics card's, counted by another allocator; the times are this processor's.",
  cost: { smoke: '10 s', desk: '3 min and 12 GB of memory', paper: 'the same as desk' },
  systems: { sgconv: 'SGConv layer', unfused: 'the same, convolved pass by pass as the notebook does' },
  cases: {
    before: {
      title: 'kernel before cropping',
      unit: 'taps',
      judged: 'exact',
      targets: cell('kernel length before cropping'),
    },
    returned: {
      title: 'two-sided kernel',
      unit: 'taps',
      judged: 'exact',
      targets: cell('returned bidirectional kernel length'),
    },
    scales: { title: 'pieces of the kernel', unit: 'pieces', judged: 'exact' },
    parameters: { title: 'parameters of the kernel', unit: 'parameters', judged: 'exact' },
    norm: {
      title: 'mean kernel norm',
      unit: 'none',
      judged: 'sample',
      targets: cell('mean kernel norm at first forward'),
    },
    after: {
      title: 'memory after the forward pass, with all that backward needs',
      unit: 'bytes',
      judged: 'ceiling',
      targets: cell('1M tokens, allocated after forward'),
    },
    'forward-peak': {
      title: 'peak of the forward pass',
      unit: 'bytes',
      judged: 'ceiling',
      targets: cell('1M tokens, cached/reserved'),
    },
    'training-peak': {
      title: 'peak of forward and backward',
      unit: 'bytes',
      judged: 'ceiling',
      targets: cell('1M tokens, batch 1, README statement'),
    },
    'inference-peak': { title: 'peak of a forward pass without gradients', unit: 'bytes', judged: 'beside' },
    resident: { title: 'most that the process had resident', unit: 'bytes', judged: 'beside' },
    floor: { title: 'least that float32 allows', unit: 'bytes', judged: 'beside' },
    counted: { title: 'peak of forward and backward, counted by a dry run', unit: 'bytes', judged: 'beside' },
    forward: { title: 'forward pass', unit: 's', judged: 'beside' },
    backward: { title: 'backward pass', unit: 's', judged: 'beside' },
  },
  headline: [
    { title: 'after the forward pass', case: 'after', system: 'sgconv' },
    { title: 'at the peak of training', case: 'training-peak', system: 'sgconv' },
  ],
  runs: { smoke: [], desk: [], paper: [] },
  async measure(context): Promise<Observation[]> {
    const size = { config, width, length: lengthOf(context.scale) };
    return [
      countLayer({ ...size, length: million }),
      estimateLayer('sgconv', size),
      estimateLayer('unfused', { ...size, config: { ...config, form: 'unfused' } }),
      ...(await runLayer(size, context)),
    ];
  },
  rows(observations): MeasuredRow[] {
    const of = (what: string) => observations.filter((o) => o.what === what);
    const row = (id: string, value: unknown, length: number, more: Partial<MeasuredRow> = {}): MeasuredRow => ({
      ...{ case: id, system: 'sgconv', length, value: Number(value), low: null, high: null },
      ...{ unit: claim.cases[id].unit, details: {}, ...more },
    });
    const [counts] = of('counts');
    const [run] = of('run');
    const length = Number(run.length);
    const at = Number(counts.length);
    return [
      row('before', counts.before, at),
      row('returned', counts.returned, at),
      row('scales', counts.scales, at),
      row('parameters', counts.kernelParameters, at),
      ...of('norms').map((o) => normRow(o, (value, more) => row('norm', value, length, more))),
      row('after', run.after, length),
      row('forward-peak', run.forwardPeak, length),
      row('training-peak', run.trainingPeak, length),
      row('inference-peak', run.inferencePeak, length),
      row('resident', run.resident, length, { details: { before: Number(run.residentBefore) } }),
      row('floor', floor(length, Number(run.parameters)), length),
      ...of('dry run').map((o) => row('counted', o.trainingPeak, length, { system: String(o.system) })),
      row('forward', run.forwardSeconds, length),
      row('backward', run.backwardSeconds, length),
    ];
  },
  impossible(rows) {
    const value = (id: string) => rows.find((r) => r.case === id)?.value ?? Number.NaN;
    const least = value('floor');
    const small = ['after', 'forward-peak', 'training-peak', 'inference-peak', 'resident'].filter(
      (id) => !(value(id) >= least),
    );
    return [
      ...small.map((id) => `${claim.cases[id].title}: less than the input and the output in float32`),
      ...(value('training-peak') >= value('after')
        ? []
        : ['the peak of all is below what is held after the forward pass']),
    ];
  },
  notes(rows, scale) {
    const unit = (4 * width * lengthOf(scale)) / 1e9;
    const found = rows.find((r) => r.case === 'after');
    const parts = found ? found.value / 1e9 / unit : 0;
    return [
      `One tensor (256, L) in float32 is ${unit} GB. Ours after the forward pass, ${parts.toFixed(2)} of them: the input, its copy with channels first, the two kernels (2), the result of the convolution, its GELU, the output. No spectrum is kept: the transforms work on one row of one channel per thread.`,
      'The published 8.196 GB, by the public code (an inference: the notebook does not list them): the input, its spectrum (2), the returned kernel (2), the result of the convolution, its GELU, the output: 8 tensors of 1.024 GB, 8.192 GB, and parameters and rounding. At its inverse transform the spectra of kernel and product, the padded result and the work area of the FFT (2 each) are alive as well: 13.3 GB; the allocator keeps the blocks of the assembled kernel besides, up to 21.8 GB.',
      "A processor's memory, counted by the device; what was published is a graphics card's. The resident set also holds pages that the pool keeps for reuse, and the runtime.",
      'Kernel parameters: pieces (1 + ceil(log2(1000000 / 32))) times 2 directions times 256 channels times 32; the notebook prints no count.',
    ];
  },
};
export default claim;

/** The mean over channels, with the interval in which another draw's mean lies with 95 %. */
function normRow(o: Observation, row: (value: number, more: Partial<MeasuredRow>) => MeasuredRow): MeasuredRow {
  const [mean, deviation, count] = [o.mean, o.deviation, o.count].map(Number);
  const half = studentQuantile(0.975, count - 1) * deviation * Math.sqrt(2 / count);
  return row(mean, { low: mean - half, high: mean + half, details: { deviation, kernels: count } });
}
