/** Every model's gradient, on the float64 reference, against central differences of its loss. */
import test from 'node:test';
import { openDevice } from '../kernels/device/registry.ts';
import { Stream, Streams } from '../kernels/tensor/random.ts';
import { Tensor } from '../kernels/tensor/tensor.ts';
import { smallModels } from './all-cases.ts';
import { one, smallClassifier } from './cases.ts';
import { checkGradients } from './gradient-check.ts';
import { buildClassifier, type Classifier, type ClassifierConfig } from './networks/classifier.ts';
import { buildLanguageModel } from './networks/language-model.ts';

const device = await openDevice('reference');

/** Ids and targets that a seed gives; rows of 13, 9, 13 ... steps when `ragged`. */
function batchOf({ config }: Classifier, rows: number, ragged: boolean) {
  const stream = new Stream(5, 'batch');
  const integers = (n: number, below: number) => Float64Array.from({ length: n }, () => stream.integer(below));
  const { input, length, classes } = config;
  const x =
    input.kind === 'tokens'
      ? Tensor.from(device, integers(rows * length, input.vocabulary), [rows, length], 'i32')
      : Tensor.from(device, stream.normals(rows * length * input.dims), [rows, length, input.dims]);
  const lengths = ragged
    ? Tensor.from(
        device,
        Int32Array.from({ length: rows }, (_, i) => length - 4 * (i % 2)),
        [rows],
        'i32',
      )
    : null;
  const targets = config.head.kind === 'retrieval' ? rows / 2 : rows;
  return { x, lengths, targets: Tensor.from(device, integers(targets, classes), [targets], 'i32') };
}

async function checkClassifier(config: ClassifierConfig, ragged: boolean): Promise<void> {
  const model = await buildClassifier(device, config, new Streams(11));
  const batch = batchOf(model, 4, ragged);
  await checkGradients(model.store, (t) => model.loss(t, batch).loss);
  model.store.dispose();
}

for (const model of smallModels.filter((m) => !m.notDerivative))
  test(`gradients of ${model.name}`, async () => {
    await checkClassifier(smallClassifier(model), false);
    if (!model.unpadded) await checkClassifier({ ...smallClassifier(model), norm: 'layer' }, true);
  });

test('gradients of the retrieval head, real input, last-step pooling and batch norm after the sum', async () => {
  const [base] = smallModels.filter((m) => m.name === 's4d lin');
  const config = smallClassifier(base);
  await checkClassifier({ ...config, head: { kind: 'retrieval', hidden: 5 }, classes: 2 }, true);
  await checkClassifier(
    { ...config, input: { kind: 'real', dims: 2 }, positions: true, pool: 'last', prenorm: false },
    false,
  );
});

test('gradients of a language model with tied embeddings', async () => {
  const blocks = one('attention', { heads: 3, causal: true, inner: 9 });
  const config = { ...smallClassifier({ name: 'language model', causal: true, blocks }), blocks, vocabulary: 7 };
  const model = await buildLanguageModel(device, config, new Streams(2));
  const stream = new Stream(9, 'tokens');
  const tokens = () =>
    Tensor.from(
      device,
      Int32Array.from({ length: 26 }, () => stream.integer(7)),
      [2, 13],
      'i32',
    );
  const batch = { x: tokens(), targets: tokens() };
  await checkGradients(model.store, (t) => model.loss(t, batch).loss);
  model.store.dispose();
});
