/**
 * GPT-2's initial values for a language model, over whatever its layers start from.
 *
 *   dense maps and embeddings  N(0, 0.02^2), biases 0
 *   out_proj and fc2           N(0, (0.02 / sqrt(2 n))^2): maps onto the residual stream, n layers of two sub-blocks
 *
 * Radford et al. 2019, section 2.3, in the form of HazyResearch/safari (`_init_weights`), which applies it to every dense
 * map by name, and so do we: the small maps of Hyena's filters are dense maps too; H3's `output_linear` is none of the two
 * that are scaled down. Norms, short filters, kernels and skip terms keep their own start.
 */
import type { Streams } from '../../kernels/tensor/random.ts';
import type { ParameterStore } from '../parameters.ts';

const deviation = 0.02;
const dense =
  /(^|\.)(encoder|pos|[qkv]_proj|in_proj|out_proj|output_linear|fc1|fc2|implicit_filter\.\d+)\.(weight|bias)$/;

export function gptStart(store: ParameterStore, blocks: number, streams: Streams): void {
  const stream = streams.get('init');
  for (const { name, tensor } of store.parameters) {
    const found = dense.exec(name);
    if (!found) continue;
    const scaled = found[2] === 'out_proj' || found[2] === 'fc2';
    const scale = scaled ? deviation / Math.sqrt(blocks) : deviation;
    tensor.write(found[3] === 'bias' ? new Float64Array(tensor.size) : stream.normals(tensor.size, scale));
  }
}
