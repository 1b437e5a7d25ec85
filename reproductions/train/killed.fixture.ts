/** For the tests: a whole run in a process that may be killed. `<folder> <cache>`; prints its result as JSON. */
import process from 'node:process';
import { openDevice } from '../../kernels/device/registry.ts';
import { openListOps } from '../data/listops.ts';
import { trainLoop } from './loop.ts';
import type { TrainingPlan } from './plan.ts';

const steps = 240;
const plan: TrainingPlan = {
  task: 'classification',
  network: {
    blocks: [
      { mixer: 'long-conv', config: { channels: 1, kernelDropout: 0.2, lambda: 0.001, lr: 0.001 } },
      { mixer: 'sgconv', config: { kernelDim: 4 } },
    ],
    ...{ width: 8, length: 30, classes: 10, norm: 'batch', prenorm: false, dropout: 0.1, tiedDropout: true },
    ...{ positions: false, pool: 'mean', head: { kind: 'linear' } },
    input: { kind: 'tokens', vocabulary: 18, padding: 0 },
  },
  ...{ batch: 12, accumulation: 2, lr: 0.01, weightDecay: 0.05, betas: [0.9, 0.999], clip: 1 },
  schedule: { kind: 'cosine', warmup: 10, total: steps, warmupFrom: 'one', minFactor: 0 },
  plateau: {
    ...{ mode: 'max', threshold: 0.01, thresholdMode: 'absolute', factor: 0.7 },
    ...{ patience: 2, cooldown: 1, minFactor: 0.01 },
  },
  ...{ steps, evaluateEvery: 6, evaluationBatch: 16, metric: 'accuracy', seed: 3 },
};

const [folder, cache] = process.argv.slice(2);
process.env.LONGCONV_CACHE = cache;
const device = await openDevice('cpu');
const data = await openListOps({
  bounds: { minLength: 4, maxLength: 30, maxDepth: 4, maxArguments: 4 },
  ...{ sizes: { train: 200, validation: 40, test: 40 }, workers: 1 },
});
const started = () => process.stderr.write('started\n');
const warn = (line: string) => process.stderr.write(`${line}\n`);
const { seconds: _, ...result } = await trainLoop(device, data, plan, {
  ...{ folder, configHash: 'hash', config: {}, report: { started, warn } },
});
process.stdout.write(`${JSON.stringify(result)}\n`);
process.exit(0);
