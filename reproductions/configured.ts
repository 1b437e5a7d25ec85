/** Whether a run was made with the configuration that its claim states: what the data decide is not compared. */
import type { Evidence } from '../results/evidence.ts';
import type { TrainingClaim } from './claim.ts';
import type { UnseededPlan } from './train/plan.ts';

type Tree = null | boolean | number | string | readonly Tree[] | { readonly [key: string]: Tree };

/** Sizes that a network takes from its data (`fitted`), and how many examples memory holds at once. */
const ofTheData = new Set([
  ...['network.vocabulary', 'network.classes', 'network.dims', 'network.length', 'network.timeStamps'],
  ...['network.input.vocabulary', 'network.input.dims', 'evaluationBatch', 'seed'],
]);

/**
 * Where the plan of a run differs from the claim's: `steps is 10, not 3000`. None: it is the claim's own configuration.
 * A batch that was divided to fit into memory is the same batch, unless batch norm sees its parts.
 */
export function departures(
  claim: TrainingClaim,
  { task, model, scale, config }: Pick<Evidence, 'task' | 'model' | 'scale' | 'config'>,
): string[] {
  let planned: UnseededPlan;
  try {
    planned = claim.plan(model, task, scale);
  } catch (error) {
    return [`the claim states no configuration: ${(error as Error).message}`];
  }
  const own = JSON.parse(JSON.stringify(planned)) as Tree;
  const found: string[] = [];
  compare('', config.plan as Tree, own, found);
  return found.filter((line) => planned.network.norm === 'batch' || !line.startsWith('accumulation is '));
}

function compare(path: string, ours: Tree | undefined, theirs: Tree | undefined, found: string[]): void {
  if (ofTheData.has(path)) return;
  if (isBranch(ours) && isBranch(theirs)) {
    for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs)]))
      compare(path ? `${path}.${key}` : key, child(ours, key), child(theirs, key), found);
    return;
  }
  if (ours !== theirs) found.push(`${path} is ${shown(ours)}, not ${shown(theirs)}`);
}

type Branch = readonly Tree[] | { readonly [key: string]: Tree };
const isBranch = (tree: Tree | undefined): tree is Branch => typeof tree === 'object' && tree !== null;
const child = (tree: Branch, key: string): Tree | undefined => (tree as { readonly [key: string]: Tree })[key];
const shown = (tree: Tree | undefined): string => (tree === undefined ? 'absent' : JSON.stringify(tree));
