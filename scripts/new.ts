/**
 * Scaffolding: `npm run new -- op|model|suite|claim <id>` writes the files that such a thing is,
 * from `scripts/templates/`. What it writes runs as it stands; the comments in it say what to change.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const templates = join(root, 'scripts', 'templates');

/** The files of each kind and their templates; `{id}` is replaced. */
const kinds: Record<string, { files: Record<string, string>; next: string }> = {
  op: {
    files: Object.fromEntries(
      ['op.ts', 'reference.ts', 'cpu.cc'].map((file) => [`kernels/ops/{id}/${file}`, `op/${file}.txt`]),
    ),
    next: 'npm run build && npm run bench -- check --only {id}',
  },
  model: {
    files: { 'models/mixers/{id}.ts': 'model/mixer.ts.txt', 'models/cases/{id}.ts': 'model/cases.ts.txt' },
    next: 'npm run pictures && npm test -- models',
  },
  suite: { files: { 'bench/suites/{id}.ts': 'suite.ts.txt' }, next: 'npm run bench -- run {id}' },
  claim: { files: { 'reproductions/claims/{id}.ts': 'claim.ts.txt' }, next: 'npm run repro -- list' },
};

function fail(sentence: string): never {
  process.stderr.write(`${sentence}\n`);
  process.exit(2);
}

const [kind, id, ...rest] = process.argv.slice(2);
const known = kinds[kind ?? ''];
if (!known || !id || rest.length) fail(`usage: npm run new -- ${Object.keys(kinds).join('|')} <id>`);
if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id))
  fail(`"${id}" is not an id: use lower-case words joined by hyphens, such as long-conv`);

const files = Object.entries(known.files).map(([path, template]) => ({
  path: path.replace('{id}', id),
  template: join(templates, template),
}));
for (const { path } of files)
  if (existsSync(kind === 'op' ? dirname(join(root, path)) : join(root, path)))
    fail(`${kind === 'op' ? dirname(path) : path} exists already: choose another id`);

const camel = id.replace(/-([a-z0-9])/g, (_, c: string) => c.toUpperCase());
for (const { path, template } of files) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  const text = readFileSync(template, 'utf8').replaceAll('example-id', id).replaceAll('exampleId', camel);
  writeFileSync(join(root, path), text, { flag: 'wx' });
}
process.stdout.write(`${files.map((f) => f.path).join(', ')} written; next: ${known.next.replace('{id}', id)}\n`);
