/** For the tests of downloads: a folder and a server for each test, a patience of milliseconds, what was said. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach } from 'node:test';
import { type DownloadOptions, download } from './download.ts';
import type { Patience } from './patience.ts';
import type { FileRecord } from './record.ts';
import type { SourceFile } from './source.ts';
import { content, fileOf, sum, type TestServer, testServer } from './test-server.ts';

/** The published file. */
export const N = 300_000;
export const bytes = content(N);
export const sha256 = sum('sha256', bytes);

export class DownloadCase {
  root = '';
  folder = '';
  server!: TestServer;
  said: string[] = [];
  /** Seconds between tries that were asked for; nobody waits for them. */
  pauses: number[] = [];
  #tests = 0;

  readonly patience: Patience = {
    ...{ stall: 0.4, attempts: 3, silentAttempts: 2, longestPause: 100 },
    backoff: (failures) => failures,
    pause: async (seconds) => {
      this.pauses.push(seconds);
    },
  };

  /** To be called once, at the top of a test file. */
  constructor() {
    before(async () => {
      this.root = mkdtempSync(join(tmpdir(), 'longconv-download-'));
      this.server = await testServer();
    });
    after(async () => {
      await this.server.close();
      rmSync(this.root, { recursive: true });
    });
    beforeEach(() => this.use(String(this.#tests++)));
  }

  /** Goes on in another folder, as if nothing had been said. */
  use(name: string): void {
    this.folder = join(this.root, name);
    this.said = [];
    this.pauses = [];
  }

  /** Gets the published file, or another one. */
  get(file: SourceFile = this.file(), more: Partial<DownloadOptions> = {}): Promise<FileRecord> {
    return download(this.folder, file, {
      signal: new AbortController().signal,
      report: { live: () => {}, say: (text) => this.said.push(text) },
      patience: this.patience,
      ...more,
    });
  }

  /** The published file at these addresses of the server. */
  file(...paths: string[]): SourceFile {
    return fileOf(
      (paths.length ? paths : ['/file']).map((path) => this.server.url(path)),
      { bytes: N, sha256 },
    );
  }

  /** The file is there, byte by byte. */
  whole(name = 'file.tar.gz'): void {
    assert.deepEqual(new Uint8Array(readFileSync(join(this.folder, name))), bytes, 'the file is whole');
  }

  /** Nothing but the file and its record is left. */
  tidy(): void {
    assert.deepEqual(readdirSync(this.folder).sort(), ['file.tar.gz', 'file.tar.gz.json']);
  }
}
