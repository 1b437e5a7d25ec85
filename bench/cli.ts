#!/usr/bin/env bun
/** `bench`: how fast. Commands live in `commands/<verb>.ts` and are loaded when they are called. */
import process from 'node:process';
import { type Command, cac } from 'cac';
import { packageVersion } from '../results/provenance.ts';
import { joinNegatives, plainComplaint, typedValues } from '../results/terminal/arguments.ts';
import { exit, exitCode, InterruptedError, UsageError } from '../results/terminal/errors.ts';
import { suggestion } from '../results/terminal/options.ts';
import { flush, progress } from '../results/terminal/output.ts';
import { watchInterrupts } from './interrupt.ts';

export type Options = Record<string, unknown>;

function build() {
  const cli = cac('bench');
  cli
    .command('run [...suites]', 'Measure suites')
    .option('--device <ids>', 'cpu, reference, webgpu[:i] or all', { default: 'cpu' })
    .option('--models <ids>', 'Models to measure (default: those of the suite)')
    .option('--lengths <list>', '1k,2k,4k, a doubling range 1k..64k, or 1k..64k*4')
    .option('--scale <size>', 'quick: minutes on a laptop; full: sizes of the papers', { default: 'quick' })
    .option('--rounds <n>', 'Rounds; every round measures every model once')
    .option('--batch <n>', 'Sequences per batch')
    .option('--width <n>', 'Model width')
    .option('--layers <n>', 'Layers')
    .option('--threads <n>', 'Threads of the CPU device (default: all cores)')
    .option('--peer <ids>', 'Also measure other libraries, side by side; present: those that are installed')
    .option('--seed <n>', 'Seed of parameters and data', { default: 0 })
    .option('--format <kind>', 'table, json, jsonl, csv or md', { default: 'table' })
    .option('--out <file>', 'Also keep the result: .csv, .md, .json as such, anything else as records (JSON Lines)')
    .example('  bench run lra-speed')
    .example('  bench run lra-speed --models transformer,s4d --lengths 1k..4k --format md')
    .example('  bench run long-conv --lengths 1k..64k*4 --threads 1 --format csv > conv.csv')
    .action((suites, options) => load('run', [suites], options));
  cli
    .command('list', 'Suites, devices, models and operators, and what can run here')
    .option('--suites', 'The suites alone')
    .option('--devices', 'The devices alone')
    .option('--models', 'The models alone')
    .option('--ops', 'The operators alone')
    .option('--json', 'One JSON object')
    .example('  bench list')
    .example('  bench list --models')
    .action((options) => load('list', [], options));
  cli
    .command('check', 'Every operator and golden vector on every device, against the float64 reference')
    .option('--device <ids>', 'cpu, reference, webgpu[:i] or all', { default: 'all' })
    .option(
      '--golden <dir>',
      'Golden vectors of this folder alone (default: operators and our own vectors; none: operators)',
    )
    .option('--no-ops', "Leave the operators' own cases out")
    .option('--only <pattern>', 'Cases or families whose name contains this (* matches anything)')
    .option('--threads <n>', 'Threads of the CPU device (default: all cores)')
    .option('--out <file>', 'Also keep the verdicts, with where and when they were found (JSON)')
    .option('--json', 'One JSON object a line and case')
    .example('  bench check --device cpu')
    .example('  bench check --only "fftconv*" --json')
    .example('  bench check --golden ./vectors --json --device cpu,reference')
    .action((options) => load('check', [], options));
  cli
    .command('compare [...sources]', 'Runs, commits or devices side by side')
    .option('--format <kind>', 'table, json, jsonl, csv or md', { default: 'table' })
    .example('  bench compare before.jsonl after.jsonl')
    .example('  bench compare cpu webgpu:0 --format md')
    .action((sources, options) => load('compare', [sources], options));
  cli
    .command('doctor', 'Is this machine fit to measure, and what is missing')
    .option('--json', 'One JSON object')
    .example('  bench doctor')
    .action((options) => load('doctor', [], options));
  cli.help((sections) => {
    if (!cli.matchedCommand)
      sections.push({
        title: 'Exit codes',
        body: '  0 done, 2 wrong usage, 3 device or disk space not available, 5 a kernel disagrees with its reference, 130 interrupted',
      });
  });
  cli.version(packageVersion());
  return cli;
}

const commands: Record<string, () => Promise<{ run(args: unknown[], options: Options): Promise<number> }>> = {
  run: () => import('./commands/run.ts'),
  list: () => import('./commands/list.ts'),
  check: () => import('./commands/check.ts'),
  compare: () => import('./commands/compare.ts'),
  doctor: () => import('./commands/doctor.ts'),
};

async function load(verb: string, args: unknown[], options: Options): Promise<number> {
  return (await commands[verb]()).run(args, options);
}

const kebab = (name: string) => name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`);

/** cac names unknown options without help; this one names the nearest. */
function refuseUnknownOptions(command: Command, given: Options): void {
  const known = command.options.flatMap((o) => o.names.map(kebab));
  const all = [...known, 'help', 'version', 'h', 'v'];
  for (const name of Object.keys(given).map(kebab))
    if (name !== '--' && !all.includes(name))
      throw new UsageError(
        `bench ${command.name} has no option --${name}.${suggestion(name, known).replace('"', '"--')} See bench ${command.name} --help`,
      );
}

async function main(argv: string[]): Promise<number> {
  const first = build();
  first.parse(argv, { run: false });
  if (first.options.help || first.options.version) return exit.done;
  const words = first.matchedCommand ? joinNegatives(argv, first.matchedCommand) : argv;
  const cli = build();
  cli.parse(words, { run: false });
  const command = cli.matchedCommand;
  if (!command) {
    const word = cli.args[0];
    if (word === undefined) {
      cli.outputHelp();
      return exit.usage;
    }
    throw new UsageError(
      `there is no command "${word}".${suggestion(word, Object.keys(commands))} Commands: ${Object.keys(commands).join(', ')}; see bench --help`,
    );
  }
  refuseUnknownOptions(command, cli.options);
  Object.assign(cli.options, typedValues(words, command));
  watchInterrupts();
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
      process.stderr.write(`bench: ${name === 'CACError' ? plainComplaint(message, 'bench') : message}\n`);
      if (process.env.LONGCONV_DEBUG === '1') process.stderr.write(`${(e as Error).stack}\n`);
      else if (code === exit.failed)
        process.stderr.write('bench: this should not happen; LONGCONV_DEBUG=1 shows where\n');
    }
  }
  await flush();
  process.exit(code);
}
