/**
 * Scaffolding: `npm run new -- op|model|suite|claim <id>` writes the one folder or file that such a thing is,
 * from `scripts/templates/`. What it writes runs as it stands; the comments in it say what to change.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const templates = join(root, 'scripts', 'templates');

/** Where each kind lives; `{id}` is replaced. A folder of templates becomes a folder, a file a file. */
const kinds: Record<string, { target: string; next: string }> = {
  op: { target: 'kernels/ops/{id}', next: 'npm run build && npm run bench -- check --only {id}' },
  model: { target: 'models/mixers/{id}.ts', next: 'npm run bench -- list --models' },
  suite: { target: 'bench/suites/{id}.ts', next: 'npm run bench -- run {id}' },
  claim: { target: 'reproductions/claims/{id}.ts', next: 'npm run repro -- list' },
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

const target = join(root, known.target.replace('{id}', id));
if (existsSync(target)) fail(`${relative(root, target)} exists already: choose another id`);

const camel = id.replace(/-([a-z0-9])/g, (_, c: string) => c.toUpperCase());
const fill = (path: string) => readFileSync(path, 'utf8').replaceAll('example-id', id).replaceAll('exampleId', camel);

if (kind === 'op') {
  mkdirSync(target, { recursive: true });
  for (const file of readdirSync(join(templates, 'op')))
    writeFileSync(join(target, file.replace(/\.txt$/, '')), fill(join(templates, 'op', file)));
} else {
  writeFileSync(target, fill(join(templates, `${kind}.ts.txt`)));
}
process.stdout.write(`${relative(root, target)} written; next: ${known.next.replace('{id}', id)}\n`);
