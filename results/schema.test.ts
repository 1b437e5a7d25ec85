/** The JSON Schemas in `schemas/` are what the code checks with; LONGCONV_UPDATE_SCHEMAS=1 writes them anew. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import * as z from 'zod';
import { packageRoot } from './provenance.ts';
import { claimSchema } from './published/schema.ts';
import { recordJsonSchema } from './record.ts';

const schemas = { 'record.json': recordJsonSchema(), 'published.json': z.toJSONSchema(claimSchema) };

for (const [file, schema] of Object.entries(schemas))
  test(`results/schemas/${file} is up to date`, () => {
    const folder = join(packageRoot, 'results', 'schemas');
    const text = `${JSON.stringify(schema, null, 2)}\n`;
    if (process.env.LONGCONV_UPDATE_SCHEMAS === '1') {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    assert.equal(readFileSync(join(folder, file), 'utf8'), text, 'run it again with LONGCONV_UPDATE_SCHEMAS=1');
  });
