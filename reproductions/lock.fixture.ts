/** For the tests: takes the lock of a folder at a moment (`<folder> <ms since 1970>`), says how it went, and holds it. */
import process from 'node:process';
import { lock } from './lock.ts';

const [folder, moment] = process.argv.slice(2);
while (Date.now() < Number(moment));
try {
  const unlock = lock(folder);
  process.stdout.write('taken\n');
  process.stdin.on('end', () => {
    unlock();
    process.exit(0);
  });
  process.stdin.resume();
} catch (error) {
  process.stdout.write(`${(error as Error).name}: ${(error as Error).message}\n`);
  process.exit(0);
}
