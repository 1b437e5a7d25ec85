import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import test from 'node:test';
import { CropAndFlip } from './augment.ts';
import { cifarNormalisation } from './cifar.ts';
import { luma } from './gray.ts';
import { type ImageCollection, ImageDataset, normalised } from './image-dataset.ts';
import { pixelOrder } from './orders.ts';

test('gray levels are those of Pillow for all colours', () => {
  // SHA-256 of Image.convert("L") of every colour, blue fastest, red slowest (Pillow 9.4.0).
  const hash = createHash('sha256');
  const levels = new Uint8Array(65536);
  for (let r = 0; r < 256; r++) {
    for (let i = 0; i < 65536; i++) levels[i] = luma(r, i >> 8, i & 255);
    hash.update(levels);
  }
  assert.equal(hash.digest('hex'), '40a12c2550a7822eba958211e157974abdd4c9a442cc1047c9a48d3a968b6fcc');
});

test('normalisation is float32, step by step', () => {
  // numpy 1.24.2: (v.astype(f) / f(255) - f(mean)) / f(sd) with f = numpy.float32, v = 0..255.
  const sums = [
    '4064b13b8e41f3cfced2832cbd810c51f1697d32b8a7369de0e9a9168c6e06b9',
    '9db1cde6c5e37298e46926119e83ee217cadc3a768d928d4356f94fc67e7ca8f',
    'f5a0c4fa91dc1920cfea3f5abd12edcc4c3b36d9a1fcd3f0820436430d01dc59',
    'f24a5f3cdd0151027dc274659f2b62fddcaf02ea7bad3a4c574d744c09140655',
  ];
  const found = [cifarNormalisation.gray, ...cifarNormalisation.rgb].map(([mean, sd]) =>
    createHash('sha256').update(normalised(mean, sd)).digest('hex'),
  );
  assert.deepEqual(found, sums);
});

/** Two training images, one of validation, one of test, 4 x 4; byte = 64 channel + 16 image + pixel. */
function collection(): ImageCollection {
  const pixels = Uint8Array.from({ length: 3 * 48 }, (_, i) => {
    const image = Math.floor(i / 48);
    return 64 * Math.floor((i % 48) / 16) + 16 * image + (i % 16);
  });
  const labels = Uint8Array.of(0, 1, 1);
  return {
    ...{ id: 'four', kind: 'stand-in:four', description: 'four', height: 4, width: 4, classNames: ['a', 'b'] },
    normalisation: {
      gray: [0.5, 0.25],
      rgb: [
        [0.5, 0.25],
        [0.4, 0.2],
        [0.3, 0.1],
      ],
    },
    splits: {
      train: { pixels, labels, members: Int32Array.of(2, 0), size: 2 },
      validation: { pixels, labels, members: Int32Array.of(1), size: 1 },
      test: { pixels, labels, members: null, size: 3 },
    },
    checksum: '0',
    reopen: { module: '', name: '', settings: null },
  };
}

test('colour, gray and tokens of the same image', () => {
  const rgb = new ImageDataset(collection(), {});
  assert.deepEqual(rgb.input, { kind: 'real', dims: 3 });
  assert.deepEqual([rgb.length, rgb.classes, rgb.sizes], [16, 2, { train: 2, validation: 1, test: 3 }]);
  const { x, targets, lengths, B, L } = rgb.batch('train', [0, 1]);
  assert.deepEqual([x.length, lengths, B, L, [...targets]], [2 * 16 * 3, null, 2, 16, [1, 0]]);
  const steps = [normalised(0.5, 0.25), normalised(0.4, 0.2), normalised(0.3, 0.1)];
  // Step 5 of the first training image, which is image 2: bytes 37, 101, 165.
  assert.deepEqual([...x.subarray(15, 18)], [steps[0][37], steps[1][101], steps[2][165]]);
  const gray = new ImageDataset(collection(), { gray: true });
  assert.equal(gray.batch('train', [0]).x[5], steps[0][luma(37, 101, 165)]);
  const tokens = new ImageDataset(collection(), { tokenize: true });
  assert.deepEqual(tokens.input, { kind: 'tokens', vocabulary: 256, padding: 0 });
  assert.deepEqual(
    [...(tokens.batch('test', [2]).x as Int32Array)],
    Array.from({ length: 16 }, (_, p) => luma(32 + p, 96 + p, 160 + p)),
  );
  assert.deepEqual(tokens.labelCounts('test'), [1, 2]);
  assert.deepEqual(tokens.labelCounts('train'), [1, 1]);
  assert.equal(new Set([rgb.checksum, gray.checksum, tokens.checksum]).size, 3);
  assert.throws(() => rgb.batch('train', [2]), /no sample 2 in train, which has 2/);
});

test('orders move steps, and transpose adds channels', () => {
  const row = new ImageDataset(collection(), { tokenize: true }).batch('test', [1]).x;
  for (const order of ['bit-reversal', 'snake', 'hilbert'] as const) {
    const { x } = new ImageDataset(collection(), { tokenize: true, order }).batch('test', [1]);
    assert.deepEqual(
      [...x],
      [...pixelOrder(order, 4, 4)].map((pixel) => row[pixel]),
    );
  }
  const both = new ImageDataset(collection(), { order: 'transpose' });
  assert.deepEqual(both.input, { kind: 'real', dims: 6 });
  const plain = new ImageDataset(collection(), {}).batch('test', [1]).x;
  const { x } = both.batch('test', [1]);
  const columns = pixelOrder('transpose', 4, 4);
  for (let t = 0; t < 16; t++) {
    assert.deepEqual([...x.subarray(6 * t, 6 * t + 3)], [...plain.subarray(3 * t, 3 * t + 3)]);
    assert.deepEqual([...x.subarray(6 * t + 3, 6 * t + 6)], [...plain.subarray(3 * columns[t], 3 * columns[t] + 3)]);
  }
  assert.throws(() => new ImageDataset(collection(), { tokenize: true, order: 'transpose' }), /adds channels/);
  assert.throws(() => new ImageDataset(collection(), { tokenize: true, gray: false }), /tokens are gray levels/);
});

test('augmentation changes training alone, anew in every epoch, and is the same again', () => {
  const data = new ImageDataset(collection(), { tokenize: true, augment: true });
  const plain = new ImageDataset(collection(), { tokenize: true });
  const epochs = Array.from({ length: 20 }, (_, epoch) => data.batch('train', [0], epoch).x.join());
  assert.ok(new Set(epochs).size > 10);
  assert.equal(data.batch('train', [0], 3).x.join(), epochs[3]);
  assert.equal(data.batch('train', [1, 0], 3).x.subarray(16).join(), epochs[3]);
  for (const split of ['validation', 'test'] as const)
    assert.deepEqual(data.batch(split, [0], 3), plain.batch(split, [0], 3));
});

test('crops are windows of the image with symmetric padding of 4, half of them flipped', () => {
  const side = 32;
  const crops = new CropAndFlip(0, side, side);
  // numpy.pad(..., 4, mode="symmetric"): edge pixels are repeated.
  const padded = (y: number, x: number) => {
    const fold = (i: number) => (i < 0 ? -1 - i : i > 31 ? 63 - i : i);
    return fold(y) * side + fold(x);
  };
  const counts = new Map<string, number>();
  for (let sample = 0; sample < 4000; sample++) {
    const sources = crops.sources(sample, 1);
    const match = offsets(sources);
    assert.ok(match, `sample ${sample}`);
    counts.set(match, (counts.get(match) ?? 0) + 1);
  }
  // 81 offsets, 2 directions: 162 cells, 24.7 expected in each; chi-square of 161 degrees at p = 0.001 is 222.
  assert.equal(counts.size, 162);
  const chi = [...counts.values()].reduce((sum, n) => sum + (n - 4000 / 162) ** 2 / (4000 / 162), 0);
  assert.ok(chi < 222, `chi-square ${chi}`);

  function offsets(sources: Int32Array): string | null {
    for (let dy = -4; dy <= 4; dy++)
      for (let dx = -4; dx <= 4; dx++)
        for (const flip of [false, true]) {
          const at = (y: number, x: number) => padded(y + dy, (flip ? 31 - x : x) + dx);
          if (sources[16 * side + 16] !== at(16, 16) || sources[16 * side + 15] !== at(16, 15)) continue;
          let same = true;
          for (let y = 0; same && y < side; y++)
            for (let x = 0; same && x < side; x++) same = sources[y * side + x] === at(y, x);
          if (same) return `${dy} ${dx} ${flip}`;
        }
    return null;
  }
});
