import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import test, { after, before } from 'node:test';
import { cacheFolder } from '../cache.ts';
import { holds } from '../comparison.ts';
import { MissingFileError } from '../dataset.ts';
import { FormatError } from '../formats/format-error.ts';
import { writePng } from '../formats/png.ts';
import { havePackage } from '../packages/packages.ts';
import { packagePlace } from '../packages/places.ts';
import definition from '../sets/img-emoji9.ts';
import { emojiClasses, readConcepts, splitOf } from './concepts.ts';
import { openEmoji } from './emoji9.ts';
import { type EmojiVendor, emojiVendors } from './packages.ts';
import { shrink } from './shrink.ts';
import { verifyEmoji } from './verify.ts';

const real = cacheFolder();
const before0 = process.env.LONGCONV_CACHE;
let root = '';
const vendors: EmojiVendor[] = ['google', 'twitter'].map((name) => ({
  name,
  pin: { npm: `emoji-datasource-${name}`, version: '0.0.1', integrity: `sha512-${name}`, bytes: 1, licence: 'MIT' },
}));
/** 40 emoji of all classes, a component, and a file of a skin-tone variant that the list does not name. */
const list = [
  ...Array.from({ length: 40 }, (_, i) => {
    const unified = (0x1f600 + i).toString(16).toUpperCase();
    return { unified, image: `${unified.toLowerCase()}.png`, category: emojiClasses[i % 9], has_img_google: true };
  }),
  { unified: '1F3FB', image: '1f3fb.png', category: 'Component' },
];
/** A colour of its own for each picture, opaque on the left half, transparent on the right. */
function picture(i: number, vendor: number) {
  const data = new Uint8Array(64 * 64 * 4);
  for (let p = 0; p < 64 * 64; p++) data.set([i, 100 + vendor, 200, p % 64 < 32 ? 255 : 0], p * 4);
  return { width: 64, height: 64, channels: 4 as const, data };
}

before(() => {
  root = mkdtempSync(join(tmpdir(), 'longconv-emoji-'));
  process.env.LONGCONV_CACHE = root;
  vendors.forEach(({ name, pin }, v) => {
    const { folder, record } = packagePlace(pin);
    mkdirSync(join(folder, 'img', name, '64'), { recursive: true });
    mkdirSync(dirname(record), { recursive: true });
    writeFileSync(record, JSON.stringify({ integrity: pin.integrity }));
    writeFileSync(join(folder, 'emoji.json'), JSON.stringify(list));
    list.forEach(({ image }, i) => {
      writeFileSync(join(folder, 'img', name, '64', image), writePng(picture(i, v)));
    });
    writeFileSync(join(folder, 'img', name, '64', '1f600-1f3fb.png'), 'never read');
  });
});
after(() => {
  if (before0 === undefined) delete process.env.LONGCONV_CACHE;
  else process.env.LONGCONV_CACHE = before0;
  rmSync(root, { recursive: true });
});

test('a concept is in the split that its SHA-1 says', () => {
  // hashlib: int(sha1(b"1F600").hexdigest(), 16) % 100 = 5; 1F1F2-1F1E8: 79; 1F191: 81; 1F1F8-1F1FF: 89; 1F1EA-1F1F7: 90.
  assert.deepEqual(['1F600', '1F1F2-1F1E8', '1F191', '1F1F8-1F1FF', '1F1EA-1F1F7'].map(splitOf), [
    ...['train', 'train', 'validation', 'validation', 'test'],
  ]);
});

test('the packages become a dataset, both pictures of a concept in one split', async () => {
  const data = await openEmoji({ vendors });
  const concepts = readConcepts(packagePlace(vendors[0].pin).folder);
  assert.equal(concepts.length, 40);
  for (const split of ['train', 'validation', 'test'] as const) {
    const members = concepts.filter((concept) => concept.split === split);
    assert.equal(data.sizes[split], 2 * members.length);
    members.forEach(({ unified, label }, k) => {
      const i = list.findIndex((entry) => entry.unified === unified);
      for (const vendor of [0, 1]) {
        assert.equal(data.label(split, 2 * k + vendor), label);
        const image = data.image(split, 2 * k + vendor);
        assert.deepEqual(
          [image[0], image[1024], image[2048 + 15], image[16], image[3071]],
          [i, 100 + vendor, 200, 255, 255],
        );
      }
    });
  }
  assert.equal(data.kind, 'stand-in:img-emoji9');
  assert.deepEqual(data.input, { kind: 'real', dims: 3 });
  assert.deepEqual((await openEmoji({ vendors, gray: true })).input, { kind: 'real', dims: 1 });
});

test('baselines are computed on the test split; the known values belong to the whole set alone', async () => {
  const baselines = (await definition.baselines?.(await openEmoji({ vendors }), {})) ?? [];
  assert.deepEqual(
    baselines.map(({ method, metric }) => `${method}: ${metric}`),
    ['majority class', 'ridge regression on RGB pixels', 'nearest neighbour on RGB pixels'].map(
      (m) => `${m}: accuracy`,
    ),
  );
  const gray = (await definition.baselines?.(await openEmoji({ vendors, gray: true }), {})) ?? [];
  assert.deepEqual(
    gray.slice(1).map(({ method }) => method),
    ['ridge regression on gray pixels', 'nearest neighbour on gray pixels'],
  );
  for (const { value, reference } of [...baselines, ...gray]) {
    assert.ok(value >= 0 && value <= 1);
    assert.equal(reference, undefined);
  }
});

test('it is decoded once, and then read without the packages', async () => {
  const first = await openEmoji({ vendors });
  const cache = join(root, 'img-emoji9');
  assert.equal(readdirSync(cache).length, 1);
  const { folder } = packagePlace(vendors[1].pin);
  rmSync(folder, { recursive: true });
  const again = await openEmoji({ vendors });
  assert.equal(again.checksum, first.checksum);
  assert.deepEqual(again.batch('train', [0, 5]), first.batch('train', [0, 5]));
  rmSync(cache, { recursive: true });
  await assert.rejects(
    () => openEmoji({ vendors }),
    (e: Error) =>
      e instanceof MissingFileError && /emoji-datasource-twitter@0\.0\.1.*repro data get img-emoji9/.test(e.message),
  );
  assert.deepEqual(existsSync(cache) ? readdirSync(cache) : [], []);
  await assert.rejects(() => openEmoji({ vendors, folder: root }), /reads no folder/);
});

test('pictures of every kind are put on white and averaged as Pillow does it', () => {
  // alpha_composite on white and resize(BOX) of Pillow 9.4.0; the four pixels of the first box.
  const box = (channels: 1 | 2 | 3 | 4, pixels: number[][]) => {
    const data = new Uint8Array(64 * 64 * channels);
    [0, 1, 64, 65].forEach((p, k) => {
      data.set(pixels[k], p * channels);
    });
    const out = shrink({ width: 64, height: 64, channels, data }, 'a.png');
    return [out[0], out[1024], out[2048]];
  };
  for (const { channels, pixels, pillow } of boxes) assert.deepEqual(box(channels, pixels), pillow);
  assert.throws(
    () => shrink({ width: 32, height: 32, channels: 4, data: new Uint8Array(4096) }, 'a.png'),
    (e: Error) => e instanceof FormatError && /32 x 32; 64 x 64/.test(e.message),
  );
});

/** `python3 -c` with Image.alpha_composite(white, picture).resize((32, 32), Image.BOX).getpixel((0, 0)). */
const boxes: { channels: 1 | 2 | 3 | 4; pixels: number[][]; pillow: number[] }[] = [
  { channels: 1, pixels: [[121], [66], [189], [242]], pillow: [155, 155, 155] },
  {
    channels: 2,
    pixels: [
      [33, 6],
      [240, 132],
      [119, 98],
      [240, 243],
    ],
    pillow: [236, 236, 236],
  },
  {
    channels: 3,
    pixels: [
      [203, 77, 118],
      [77, 199, 7],
      [32, 81, 21],
      [154, 15, 137],
    ],
    pillow: [117, 93, 71],
  },
  {
    channels: 4,
    pixels: [
      [242, 198, 218, 202],
      [227, 68, 187, 49],
      [18, 69, 253, 111],
      [132, 223, 154, 215],
    ],
    pillow: [200, 208, 223],
  },
  {
    channels: 4,
    pixels: [
      [197, 179, 208, 118],
      [172, 14, 143, 83],
      [167, 53, 108, 136],
      [145, 63, 32, 246],
    ],
    pillow: [204, 154, 168],
  },
  {
    channels: 4,
    pixels: [
      [247, 45, 176, 34],
      [210, 77, 10, 150],
      [218, 212, 60, 22],
      [23, 193, 169, 142],
    ],
    pillow: [216, 213, 201],
  },
];

test('what is wrong with a list is said', () => {
  const folder = mkdtempSync(join(tmpdir(), 'longconv-emoji-'));
  try {
    const wrong = (content: string, words: RegExp) => {
      writeFileSync(join(folder, 'emoji.json'), content);
      assert.throws(
        () => readConcepts(folder),
        (e: Error) => e instanceof FormatError && words.test(e.message),
      );
    };
    wrong('[', /no JSON/);
    wrong('[{"unified":"1F600","image":"1f600.png"}]', /entry 0\.category/);
    wrong('[{"unified":"1F600","image":"1f600.png","category":"Cheese"}]', /category "Cheese", which is not known/);
    wrong('[{"unified":"1F600","image":"../x.png","category":"Flags"}]', /has the image "\.\.\/x\.png"/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

const missing = emojiVendors.every(({ pin }) => havePackage(pin)) ? false : 'the packages are not in the cache';
test('the real packages give the pictures that Pillow makes of them', { skip: missing }, async () => {
  process.env.LONGCONV_CACHE = real;
  try {
    const { rows } = await verifyEmoji({});
    assert.deepEqual(
      rows.filter((row) => !holds(row)),
      [],
    );
  } finally {
    process.env.LONGCONV_CACHE = root;
  }
});
