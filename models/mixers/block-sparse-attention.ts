/**
 * Block-sparse attention: softmax attention over some of the blocks of b x b pairs, with work in proportion to them.
 *
 *   query i sees key j when block (I, J) = (floor(i/b), floor(j/b)) is present (and j <= i if causal)
 *   butterfly   J = I, or I xor J is a power of two: 1 + log2(L/b) blocks of a row, and log2(L/b) layers connect all
 *   sliding     |I - J| <= reach, or I < global or J < global: a band, and blocks that see and are seen by all
 *   o = softmax over those of (q k^T / sqrt d) v, per head; q, k, v and output maps as in `attention.ts`
 *
 * Dao et al. 2022, arXiv 2205.14135, section 3.3 and Algorithm 5, which takes "the fixed butterfly sparsity pattern" of
 * Pixelated Butterfly (Dao et al. 2021, arXiv 2112.00029, section 3.2: the flat block butterfly). Neither the block size
 * of its LRA rows nor whether Pixelated Butterfly's low-rank part went with it is published: b = 64 and no such part
 * are a reconstruction. Rows whose keys are all padding give zeros.
 * Causal with `causal` only: the patterns themselves look both ways.
 */

import { sparseAttention } from '../../kernels/ops/sparse-attention/op.ts';
import { attentionHeads, type HeadsConfig, headsOptions } from '../layers/heads.ts';
import type { MixerDefinition } from '../mixer.ts';
import { flag, oneOf, whole } from '../options.ts';

export interface BlockSparseConfig extends HeadsConfig {
  causal: boolean;
  /** Steps b of a block. */
  block: number;
  pattern: 'butterfly' | 'sliding';
  /** Sliding: blocks to either side, and blocks at the start that see and are seen by all. */
  reach: number;
  global: number;
}

/** Whether block (I, J) is present; the same for all lengths. */
export function isPresent({ pattern, reach, global }: BlockSparseConfig, I: number, J: number): boolean {
  const across = I ^ J;
  return pattern === 'butterfly' ? (across & (across - 1)) === 0 : Math.abs(I - J) <= reach || I < global || J < global;
}

const blockSparse: MixerDefinition<BlockSparseConfig> = {
  id: 'block-sparse-attention',
  title: 'Block-sparse FlashAttention',
  paper: {
    title: 'FlashAttention: Fast and Memory-Efficient Exact Attention with IO-Awareness',
    arxiv: '2205.14135',
    year: 2022,
  },
  kind: 'attention',
  complexity: { sequence: 'b L log(L/b)', step: null },
  golden: ['block-sparse-attention'],
  systems: [
    {
      id: 'block-sparse-attention',
      title: 'Block-sparse FlashAttention',
      speed: { published: 'Block-sparse FlashAttention' },
      published: ['Block-sparse FlashAttention', 'Block-sparse FlashAttention (previous best)'],
    },
  ],
  causal: ({ causal }) => causal,
  defaults: { heads: 8, inner: null, causal: false, block: 64, pattern: 'butterfly', reach: 1, global: 1 },
  options: {
    ...headsOptions,
    causal: flag,
    block: whole(1),
    pattern: oneOf('butterfly', 'sliding'),
    reach: whole(0),
    global: whole(0),
  },
  build(store, size, config, streams) {
    const { causal, block, heads } = config;
    return attentionHeads(store, size, config, streams, (t, q, k, v, { lengths }) => {
      const n = Math.ceil(q.shape[1] / block);
      const one = Int32Array.from({ length: n * n }, (_, at) =>
        isPresent(config, Math.floor(at / n), at % n) ? 1 : 0,
      );
      const mask = t.tensor(
        Int32Array.from({ length: heads * n * n }, (_, at) => one[at % (n * n)]),
        [heads, n, n],
        'i32',
      );
      const density = one.reduce((a, b) => a + b, 0) / (n * n);
      return sparseAttention(t, q, k, v, { causal, keyLengths: lengths, blocks: { mask, block, density } }).o;
    });
  },
};
export default blockSparse;
