#!/usr/bin/env bun
/** `repro`: does the claim hold. Commands live in `commands/<verb>.ts` and are loaded when they are called. */
import process from 'node:process';
import { type Command, cac } from 'cac';
import { packageVersion } from '../results/provenance.ts';
import { joinNegatives, plainComplaint, typedValues } from '../results/terminal/arguments.ts';
import { accessComplaint } from '../results/terminal/errors.ts';
import { suggestion } from '../results/terminal/options.ts';
import { flush, progress } from '../results/terminal/output.ts';
import { claimIds } from './claim.ts';
import { exit, exitCode, foreseen, InterruptedError, UsageError } from './errors.ts';
import { watchInterrupts } from './interrupt.ts';

export type Options = Record<string, unknown>;

function build() {
  const cli = cac('repro');
  cli
    .command(
      'run <claim>',
      'Train and evaluate, or measure, and hold the result against the paper; "repro <claim>" is the same',
    )
    .option('--scale <size>', 'smoke: minutes; desk: hours on a laptop; paper: the published configuration', {
      default: 'smoke',
    })
    .option('--task <ids>', 'Tasks (default: those of the claim at this scale)')
    .option('--models <ids>', 'Models (default: those of the claim at this scale)')
    .option('--seed <n>', 'One seed (default: 0)')
    .option('--seeds <list>', 'Seeds, such as 0,1,2 or 0..4')
    .option('--steps <n>', 'Another number of training steps; the schedule ends with them')
    .option('--tokens <n>', 'Train on so many tokens, such as 20m (millions); the schedule ends with them')
    .option('--accumulation <n>', 'Each batch in n parts: less memory (batch norm then sees the parts)')
    .option('--budget <time>', 'Stop with a checkpoint after this time: 90s, 30m, 2h')
    .option('--fresh', 'Start over instead of going on from the last checkpoint')
    .option(
      '--data <where>',
      'real: the published files, fetched when they are not here; offline: made here; auto: real when they are here; ' +
        'or a dataset of repro data list, or a folder with the published files',
      { default: 'auto' },
    )
    .option('--device <id>', 'cpu, reference or webgpu[:i]', { default: 'cpu' })
    .option('--json', 'One JSON object')
    .option('--out <file>', 'Also keep the result: .csv, .md, .json as such, anything else as records (JSON Lines)')
    .example('  repro longconv-lra --task listops --scale smoke')
    .example('  repro sgconv-lra --task pathfinder --scale desk --models sgconv,transformer --seeds 0..2')
    .example('  repro longconv-lra --scale paper --task listops --budget 2h')
    .example('  repro flashbutterfly-path256 --scale desk')
    .action((claim, options) => load('run', [claim], options));
  cli
    .command(
      'search <claim>',
      'Try the same learning rates with every model, judged on validation data; all trials are kept',
    )
    .option('--task <ids>', 'Tasks, each by itself (default: those that the claim chooses on)')
    .option('--models <ids>', 'Models (default: those of the claim)')
    .option('--setting <name>', 'What else differs from the published network (default: what the claim runs with)')
    .option('--rates <list>', 'Learning rates, such as 0.001,0.002 (default: those of the claim)')
    .option('--seed <n>', 'One seed (default: 0)')
    .option('--seeds <list>', 'Seeds, such as 0,1,2 or 0..4')
    .option('--steps <n>', "Training steps of a trial (default: the claim's, or the share of them that it names)")
    .option('--budget <time>', 'Stop with a checkpoint after this time: 90s, 30m, 2h')
    .option('--data <where>', 'As in repro run', { default: 'auto' })
    .option('--device <id>', 'cpu, reference or webgpu[:i]', { default: 'cpu' })
    .example('  repro search h3-synthetics --steps 2000')
    .action((claim, options) => load('search', [claim], options));
  cli
    .command('list [...claims]', 'Every claim in a line: verdict, published number, ours, cost; of a claim: its tasks')
    .option('--all', 'The tasks of every claim')
    .option('--json', 'One JSON object: the claims and their tasks')
    .example('  repro list')
    .example('  repro list sgconv-lra')
    .action((claims, options) => load('list', [claims], options));
  cli
    .command('table', 'The claims table: what was published beside what was measured, every model and scale')
    .option('--format <kind>', 'table, md, csv, json or jsonl', { default: 'table' })
    .option('--write', 'Make the committed pages and charts from the committed evidence alone')
    .option('--check', 'Say which of them are not what the committed evidence makes; ends with 1 when one is not')
    .example('  repro table --format md')
    .example('  repro table --check')
    .action((options) => load('table', [], options));
  cli
    .command('verify [...claims]', 'Read the evidence again, without training: is it whole, consistent, believable')
    .option('--json', 'One JSON object a record')
    .example('  repro verify')
    .example('  repro verify longconv-lra --json')
    .action((claims, options) => load('verify', [claims], options));
  cli
    .command(
      'keep [...claims]',
      "Take this machine's finished desk and paper runs, measurements and trials into results/evidence, each once",
    )
    .option('--json', 'One JSON array')
    .example('  repro keep')
    .action((claims, options) => load('keep', [claims], options));
  cli
    .command('status', 'Every run on this machine and where it is')
    .option('--json', 'One JSON array')
    .example('  repro status')
    .action((options) => load('status', [], options));
  cli
    .command(
      'data <action> [...datasets]',
      'list: what there is; get: fetch or make it; verify: check it; baselines: what simple methods get on it; speed: of its batches',
    )
    .option('--only <parts>', 'Parts of the dataset or names of its files (default: what the claims need)')
    .option('--from <path>', 'get: a folder with the files, instead of the network; verify, baselines: the real files')
    .option('--no-unpack', 'get: leave the archives as they are')
    .option('--budget <time>', 'get: stop after this time and keep what has arrived: 90s, 30m, 2h')
    .option('--json', 'One JSON object')
    .example('  repro data list')
    .example('  repro data get imdb cifar-10')
    .example('  repro data get lra --from ~/Downloads')
    .example('  repro data get text-spamham img-emoji9')
    .example('  repro data verify listops --from basic_test.tsv')
    .example('  repro data baselines text-spamham')
    .example('  repro data speed pathfinder32')
    .action((action, datasets, options) => load('data', [action, datasets], options));
  cli.help((sections) => {
    if (!cli.matchedCommand || cli.matchedCommand.name === 'run')
      sections.push(
        { title: 'Claims', body: `  ${claimIds().join(', ')}` },
        {
          title: 'Stopping and going on',
          body: '  Ctrl-C saves a checkpoint and ends with 130, --budget with 75; the same command goes on from there.',
        },
        {
          title: 'Exit codes',
          body: '  0 done, 1 a claim or its evidence does not hold, 2 wrong usage, 3 device, data or disk space not available, 75 stopped with a checkpoint, 130 interrupted',
        },
      );
  });
  cli.version(packageVersion());
  return cli;
}

const commands: Record<string, () => Promise<{ run(args: unknown[], options: Options): Promise<number> }>> = {
  run: () => import('./commands/run.ts'),
  search: () => import('./commands/search.ts'),
  list: () => import('./commands/list.ts'),
  table: () => import('./commands/table.ts'),
  verify: () => import('./commands/verify.ts'),
  keep: () => import('./commands/keep.ts'),
  status: () => import('./commands/status.ts'),
  data: () => import('./commands/data.ts'),
};

const load = async (verb: string, args: unknown[], options: Options): Promise<number> =>
  (await commands[verb]()).run(args, options);

const kebab = (name: string) => name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

function refuseUnknownOptions(command: Command, given: Options): void {
  const known = command.options.flatMap((o) => o.names.map(kebab));
  const all = [...known, 'help', 'version', 'h', 'v'];
  for (const name of Object.keys(given).map(kebab))
    if (name !== '--' && !all.includes(name))
      throw new UsageError(
        `repro ${command.name} has no option --${name}.${suggestion(name, known).replace('"', '"--')} See repro ${command.name} --help`,
      );
}

/** `repro <claim> ...` is `repro run <claim> ...`. */
function withVerb(argv: string[]): string[] {
  const word = argv[2];
  if (word === undefined || word.startsWith('-') || word in commands) return argv;
  if (!claimIds().includes(word)) {
    const near = suggestion(word, [...claimIds(), ...Object.keys(commands)]);
    throw new UsageError(
      `there is no claim or command "${word}".${near} Claims: ${claimIds().join(', ')}; commands: ${Object.keys(commands).join(', ')}`,
    );
  }
  return [...argv.slice(0, 2), 'run', ...argv.slice(2)];
}

async function main(argv: string[]): Promise<number> {
  const first = build();
  const given = withVerb(argv);
  first.parse(given, { run: false });
  if (first.options.help || first.options.version) return exit.done;
  const words = first.matchedCommand ? joinNegatives(given, first.matchedCommand) : given;
  const cli = build();
  cli.parse(words, { run: false });
  const command = cli.matchedCommand;
  if (!command) {
    cli.outputHelp();
    return exit.usage;
  }
  refuseUnknownOptions(command, cli.options);
  Object.assign(cli.options, typedValues(words, command));
  watchInterrupts(
    command.name === 'data'
      ? 'what has arrived is kept (again to end at once)'
      : 'the checkpoint is being saved (again to end at once, without it)',
  );
  return (await cli.runMatchedCommand()) ?? exit.done;
}

if (import.meta.main) {
  let code: number;
  try {
    code = await main(process.argv);
  } catch (e) {
    code = exitCode(e);
    progress.end();
    if (!(e instanceof InterruptedError)) {
      const { name, message } = e as Error;
      const complaint = name === 'CACError' ? plainComplaint(message, 'repro') : (accessComplaint(e) ?? message);
      process.stderr.write(`repro: ${complaint}\n`);
      if (process.env.LONGCONV_DEBUG === '1') process.stderr.write(`${(e as Error).stack}\n`);
      else if (code === exit.failed && !foreseen(e as Error))
        process.stderr.write('repro: this should not happen; LONGCONV_DEBUG=1 shows where\n');
    }
  }
  await flush();
  process.exit(code);
}
