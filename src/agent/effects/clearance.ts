import type { UpdateRecord } from '../../domain/update/record.js';
import type { UpdateContext } from '../update-context.js';
import type { EffectResult } from '../update-runner.js';
import { failedTry } from './failed-try.js';

const askAgainMilliseconds = 2000;

/**
 * Waits until nothing forbids an installation: nobody holds the update lock or inhibits the shutdown, and the
 * running version is the confirmed one (a deploy would push an unconfirmed one's predecessor out).
 */
export async function awaitClearance(
  context: UpdateContext,
  record: UpdateRecord,
  signal: AbortSignal,
): Promise<EffectResult | null> {
  if (record.state !== 'ready') return null;
  try {
    const facts = context.settings.packageManager === 'ostree' ? await context.privileged.treeFacts() : null;
    while (!signal.aborted) {
      const obstacle =
        (await unconfirmed(context, facts?.booted?.commit ?? null)) ?? (await context.privileged.rebootObstacle());
      context.progress.showObstacle(obstacle);
      if (obstacle === null) {
        return {
          event: {
            name: 'Cleared',
            origin: { commit: facts?.booted?.commit ?? null, bootId: facts?.bootId ?? '' },
          },
        };
      }
      await context.clock.sleep(askAgainMilliseconds, signal);
    }
    return null;
  } catch (error) {
    return failedTry(context, 'InstallationFailed', record.attempt, error);
  } finally {
    context.progress.showObstacle(null);
  }
}

async function unconfirmed(context: UpdateContext, booted: string | null): Promise<string | null> {
  if (booted === null) return null;
  const { lastConfirmedCommit } = await context.privileged.trustedState();
  return lastConfirmedCommit === booted ? null : `the running version ${booted.slice(0, 12)} is not confirmed yet`;
}
