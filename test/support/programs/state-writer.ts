import { acquireStorageLock } from '../../../src/adapters/sqlite/storage-lock.js';
import { openStateStore } from '../../../src/adapters/sqlite/state-store.js';
import { isSotaError } from '../../../src/domain/errors/sota-error.js';

/**
 * `lock FILE`: takes the lock, says `held`, waits. `open FILE`: opens the state, says `open`, waits.
 * `write FILE`: writes record after record, each with a report, and prints its number when it is durable.
 * An error ends it with `CODE message`.
 */
function run(verb: string, file: string): void {
  const keepAlive = setInterval(() => undefined, 1_000);
  try {
    if (verb === 'lock') {
      acquireStorageLock(file);
      process.stdout.write('held\n');
      return;
    }
    const store = openStateStore({ path: file });
    process.stdout.write('open\n');
    if (verb === 'open') return;
    for (let number = Number(store.journal.load() ?? 0) + 1; ; number += 1) {
      store.transaction(() => {
        store.journal.write(String(number));
        store.values.set('same', String(number));
      });
      process.stdout.write(`${number}\n`);
    }
  } catch (error) {
    process.stdout.write(isSotaError(error) ? `${error.code} ${error.message}\n` : String(error));
    clearInterval(keepAlive);
  }
}

run(process.argv[2] ?? '', process.argv[3] ?? '');
