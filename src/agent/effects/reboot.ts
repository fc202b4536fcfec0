import { SotaError } from '../../domain/errors/sota-error.js';
import type { UpdateRecord } from '../../domain/update/record.js';
import { recordedError } from '../failure.js';
import { keepLog } from '../kept-log.js';
import type { UpdateContext } from '../update-context.js';
import type { EffectResult } from '../update-runner.js';

const askAgainMilliseconds = 2000;

/** After the command returned: a board that is still up then did not reboot. */
const rebootLimitMilliseconds = 10 * 60 * 1000;

/** The new version is in place. Reboots when the configuration says so and nobody objects; else somebody else will. */
export async function offerReboot(
  context: UpdateContext,
  record: UpdateRecord,
  signal: AbortSignal,
): Promise<EffectResult | null> {
  if (record.state !== 'awaitingReboot') return null;
  if (!context.settings.forceInstallCompletion) return null;
  try {
    while (!signal.aborted) {
      const obstacle = await context.privileged.rebootObstacle();
      context.progress.showObstacle(obstacle);
      if (obstacle === null) {
        return { event: { name: 'RebootDue' }, alongside: () => keepLog(context, record.attempt.correlationId) };
      }
      await context.clock.sleep(askAgainMilliseconds, signal);
    }
    return null;
  } finally {
    context.progress.showObstacle(null);
  }
}

/**
 * Runs the reboot command. It is the service manager that stops this daemon then: one that said itself that it stops
 * would be killed after TimeoutStopSec where the reboot does not come. Whether it worked is only known when this daemon
 * starts with another boot id.
 */
export async function reboot(
  context: UpdateContext,
  record: UpdateRecord,
  signal: AbortSignal,
): Promise<EffectResult | null> {
  if (record.state !== 'rebooting') return null;
  context.progress.show({ phase: 'rebooting' });
  try {
    // A command that itself waits for this daemon to end must not hold its end up.
    await context.privileged.reboot(signal);
    await context.clock.sleep(rebootLimitMilliseconds, signal);
    if (signal.aborted) return null;
    throw new SotaError('REBOOT_FAILED', { message: 'the reboot command ended well, but the board is still up' });
  } catch (error) {
    if (signal.aborted) return null;
    return { event: { name: 'RebootFailed', error: recordedError(error) } };
  } finally {
    context.progress.show(null);
  }
}
