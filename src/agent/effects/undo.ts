import type { UpdateRecord } from '../../domain/update/record.js';
import { recordedError } from '../failure.js';
import type { UpdateContext } from '../update-context.js';
import type { EffectResult } from '../update-runner.js';

/**
 * Takes back whatever the attempt left. After a rollback the failed deployment must go before anything else: libostree
 * takes the first entry for the booted one in a sysroot it isn't booted from, and the next deploy would delete the
 * running version (platform.md 8b).
 */
export async function undo(context: UpdateContext, record: UpdateRecord): Promise<EffectResult | null> {
  if (record.state !== 'undoing') return null;
  const { target } = record.attempt;
  context.progress.show({ phase: 'undoing' });
  try {
    if (target.format === 'OSTREE') {
      if (context.settings.packageManager === 'ostree') {
        await context.privileged.undeploy(target.sha256);
        await context.privileged.disarmBootloader();
        await context.privileged.release(target.sha256);
      }
    } else {
      await context.images.discardPart(target.sha256);
    }
    return { event: { name: 'Undone' } };
  } catch (error) {
    return { event: { name: 'UndoFailed', error: recordedError(error) } };
  } finally {
    context.progress.show(null);
  }
}
