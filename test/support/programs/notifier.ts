import { NodeProcesses } from '../../../src/adapters/exec/node-processes.js';
import { SystemClock } from '../../../src/adapters/system/system-clock.js';
import { createNotifier } from '../../../src/adapters/systemd/systemd-notifier.js';
import { KeepingLogger } from '../keeping-logger.js';

/** Between two texts of a row that comes faster than messages may go out. */
const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Does what its arguments say, one after another: `ready`, `watchdog`, `stopping`, `status:TEXT`, `sleep:MILLISECONDS`.
 * Prints at the end what was logged and for how long the calls (without the sleeps) held it up, as JSON.
 */
async function run(steps: readonly string[]): Promise<void> {
  const logger = new KeepingLogger();
  const notifier = createNotifier({
    environment: process.env,
    processId: process.pid,
    processes: new NodeProcesses(),
    clock: new SystemClock(),
    logger,
  });
  let statusMilliseconds = 0;
  for (const step of steps) {
    const [verb = '', text = ''] = step.split(':');
    if (verb === 'ready') await notifier.ready();
    if (verb === 'watchdog') await notifier.watchdog();
    if (verb === 'stopping') await notifier.stopping();
    if (verb === 'sleep') await sleep(Number(text));
    if (verb === 'status') {
      const start = performance.now();
      await notifier.status(text);
      statusMilliseconds += performance.now() - start;
    }
  }
  const { watchdogIntervalSeconds } = notifier;
  const kind = notifier.constructor.name;
  process.stdout.write(JSON.stringify({ lines: logger.lines, statusMilliseconds, watchdogIntervalSeconds, kind }));
}

void run(process.argv.slice(2));
