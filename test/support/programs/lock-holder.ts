import { NodeProcesses } from '../../../src/adapters/exec/node-processes.js';
import { UpdateLock } from '../../../src/adapters/power/update-lock.js';
import { KeepingLogger } from '../keeping-logger.js';

/** Takes the update lock, says so, and waits to be killed. */
async function hold(file: string): Promise<void> {
  const lock = new UpdateLock({
    file,
    processes: new NodeProcesses(),
    logger: new KeepingLogger(),
    processId: process.pid,
  });
  process.stdout.write(`${await lock.acquire()}\n`);
  setInterval(() => undefined, 1_000);
}

void hold(process.argv[2] ?? '');
