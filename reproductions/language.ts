/**
 * What the claims about language models share: their data, and training plans from published models.
 *
 * A published model (`models/configurations/language-models.ts`) is trained as HazyResearch/safari trains it: AdamW that
 * lets no norm, bias and embedding decay, clipping at 1, timm's cosine to a tenth of the rate. A model made smaller warms
 * up from 0 instead of 1e-6, its cosine begins after the warm-up instead of at step 0, and its attention drops nothing.
 *
 * Perplexity is e to the mean cross entropy of GPT-2's tokens, over windows that follow each other and do not overlap.
 */
import { type LanguageModelRow, languageModelNetwork } from '../models/configurations/language-models.ts';
import type { BlockConfig } from '../models/networks/backbone.ts';
import type { LanguageModelConfig } from '../models/networks/language-model.ts';
import type { ClaimModel, DataOptions, RateSearch, Scale } from './claim.ts';
import { chooseData, type TaskData } from './data/choose.ts';
import type { TokenDataset } from './data/dataset.ts';
import type { OpenOptions } from './data/definition.ts';
import { UsageError } from './errors.ts';
import type { UnseededPlan } from './train/plan.ts';

/** The datasets of each corpus. */
export const corpora = {
  pile: { real: 'pile', offline: ['pile-mini'] },
  openwebtext: { real: 'openwebtext', offline: ['pile-mini'] },
  'wikitext-103': { real: 'wikitext-103', offline: ['brown-wt'] },
} as const satisfies Record<string, TaskData>;
export type Corpus = keyof typeof corpora;

/** Windows that are used at each scale: validation and test are their beginnings, training is all there is. */
const used: Record<Scale, OpenOptions['sizes']> = {
  smoke: { train: 512, validation: 4, test: 4 },
  desk: { validation: 64, test: 256 },
  paper: {},
};

/** The data of a task: windows of `length` tokens. */
export async function openLanguageData(
  corpus: Corpus,
  length: number,
  scale: Scale,
  { data, fetch, ...working }: DataOptions,
): Promise<TokenDataset> {
  const { definition, folder } = await chooseData(corpus, corpora[corpus], data, fetch ? { fetch } : {});
  const sizes = used[scale];
  const opened = await definition.open({
    ...{ ...working, length },
    ...(sizes ? { sizes } : {}),
    ...(folder === null ? {} : { folder }),
  });
  if (opened.task !== 'tokens') throw new UsageError(`${definition.id} is no text: it is no data for ${corpus}`);
  return opened;
}

/** A model of a claim, with its published configuration. */
export interface LanguageClaimModel extends ClaimModel {
  row: LanguageModelRow;
  /** In the place of the MLPs. */
  feedForward?: BlockConfig;
  /** At desk scale, where a search on validation data found it; default: `deskRate`. */
  rate?: number;
}

/** How long and at which rate; everything else is the model's own. */
export interface Training {
  /** Tokens of a window, and windows of a step. */
  length: number;
  batch: number;
  steps: number;
  warmup: number;
  evaluateEvery: number;
  evaluationBatch: number;
  /** Step at which the cosine has reached its end; default: the last one. */
  total?: number;
  /** Default: the model's. */
  lr?: number;
  /** Models made smaller: those of 12 layers get `layers`, the others in proportion; heads are of 32 channels. */
  small?: { layers: number; width: number };
}

export function languagePlan({ row: published, feedForward }: LanguageClaimModel, training: Training): UnseededPlan {
  const row = training.small ? smaller(published, training.small) : published;
  const { length, batch, steps, warmup, evaluateEvery, evaluationBatch, total = steps, lr = row.lr } = training;
  return {
    ...{ task: 'tokens', metric: 'perplexity', network: networkOf(row, feedForward, length, lr) },
    ...{ batch, accumulation: 1, lr, weightDecay: row.weightDecay, decayed: 'maps' },
    ...{ betas: row.betas, clip: row.clip, steps, evaluateEvery, evaluationBatch },
    schedule: {
      ...{ kind: 'cosine', warmup, total, minFactor: 0.1 },
      ...(training.small ? { warmupFrom: 'zero' } : timm(lr)),
    },
  };
}

/** The plans of a claim: each model at its own rate, or at one that is tried. */
export const languagePlans =
  (models: Record<string, LanguageClaimModel>, training: (task: string, scale: Scale, lr?: number) => Training) =>
  (model: string, task: string, scale: Scale, lr?: number): UnseededPlan => {
    const found = known(models, model, 'model');
    return languagePlan(found, training(task, scale, lr ?? found.rate));
  };

/** How safari's schedules begin, which are timm's: at a rate of 1e-6, towards a cosine that has begun at step 0. */
export const timm = (lr: number) => ({ warmupFrom: 1e-6 / lr, cosineFrom: 'start' }) as const;

/** Mixers whose state spaces have a rate of their own: safari's min(0.001, the run's). */
const stateSpaces = new Set(['h3', 's4', 's4d']);

/** Gated state spaces have their own wide gate: no MLP follows them. Learned butterflies mix all positions. */
function networkOf(
  row: LanguageModelRow,
  feedForward: BlockConfig | undefined,
  length: number,
  lr: number,
): LanguageModelConfig {
  const network = languageModelNetwork(row, length);
  const slow = Math.min(0.001, lr);
  const rate = (mixer: string) => (mixer === 'h3' ? slow : { dt: slow, A: slow, B: slow });
  const blocks = network.blocks.flatMap((block, i): BlockConfig[] => {
    if (block.mixer === 'mlp' && network.blocks[i - 1]?.mixer === 'gss') return [];
    if (block.mixer === 'mlp' && feedForward) return [feedForward];
    if (!stateSpaces.has(block.mixer)) return [block];
    return [{ ...block, config: { ...block.config, lr: rate(block.mixer) } }];
  });
  const leaks = blocks.some((block) => block.mixer === 'butterfly');
  return { ...network, blocks, ...(leaks ? { seesFuture: true } : {}) };
}

/**
 * A model of fewer and narrower layers. A hybrid attends in its second layer and in that half the layers later, as H3's
 * paper says of its own; a Transformer everywhere.
 */
export function smaller(row: LanguageModelRow, { layers: of12, width }: NonNullable<Training['small']>) {
  const layers = Math.max(2, Math.round((row.layers * of12) / 12));
  const inner = Math.round((row.inner * width) / row.width);
  const heads = Math.max(1, width >> 5);
  const everywhere = row.attention?.layers.length === row.layers;
  const chosen = everywhere
    ? Array.from({ length: layers }, (_, i) => i)
    : [...new Set([1, Math.min(layers - 1, 1 + (layers >> 1))])];
  return { ...row, layers, width, inner, attention: row.attention && { layers: chosen, heads } };
}

/** Smoke: a narrow model of two layers, whose table of 50,264 tokens is nearly all of it. */
export const smokeTraining: Training = {
  ...{ length: 128, batch: 2, steps: 20, warmup: 2, evaluateEvery: 10, evaluationBatch: 4, lr: 0.005 },
  small: { layers: 2, width: 32 },
};

/** The search of a claim: the same rates for every model on one of its tasks at desk scale, in a fifth of the steps each. */
export const deskSearch = (task: string, plan: ReturnType<typeof languagePlans>): RateSearch => ({
  ...{ scale: 'desk', tasks: [task], rates: [0.001, 0.002, 0.005, 0.01, 0.02], share: 0.2 },
  plan: (model, _, rate) => plan(model, task, 'desk', rate),
});
/** The rate that is taken where no search was run. */
export const deskRate = 0.005;

/** What ten minutes of one core are enough for: nearly all of them go into the table of 50,264 tokens. */
export const deskTokens = 1e6;

/**
 * Desk: steps of two windows of 512 tokens, four layers of 64 channels (of 12 as published), so many tokens in all. A step
 * is small because so few tokens are seen: a thousand steps are made of a million.
 */
export function deskTraining(tokens: number, lr: number = deskRate): Training {
  const [length, batch] = [512, 2];
  const steps = 10 * Math.round(tokens / (10 * length * batch));
  return {
    ...{ length, batch, steps, lr, warmup: Math.round(steps / 20), evaluateEvery: steps / 5, evaluationBatch: 8 },
    small: { layers: 4, width: 64 },
  };
}

/** The models of a claim as its `models`. */
export const claimModels = (models: Record<string, LanguageClaimModel>): Record<string, ClaimModel> =>
  Object.fromEntries(
    Object.entries(models).map(([id, { row: _, feedForward: __, rate: ___, ...shown }]) => [id, shown]),
  );

/** A model or task by name; a `UsageError` when there is none. */
export function known<T>(table: Record<string, T>, name: string, what: string): T {
  if (!Object.hasOwn(table, name))
    throw new UsageError(`there is no ${what} ${name}: choose one of ${Object.keys(table).join(', ')}`);
  return table[name];
}
