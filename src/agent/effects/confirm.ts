import { SotaError } from '../../domain/errors/sota-error.js';
import type { UpdateRecord } from '../../domain/update/record.js';
import { recordedError } from '../failure.js';
import type { UpdateContext } from '../update-context.js';
import type { EffectResult } from '../update-runner.js';

/**
 * The new version runs, with a new boot id. Boot-good is earned here (design rule 5): this process started, its state
 * and identity are readable, the booted deployment is the expected one and boots again next time.
 */
export async function confirm(context: UpdateContext, record: UpdateRecord): Promise<EffectResult | null> {
  if (record.state !== 'confirming') return null;
  const commit = record.attempt.target.sha256;
  context.progress.show({ phase: 'confirming' });
  try {
    const facts = await context.privileged.treeFacts();
    if (facts.booted?.commit !== commit) {
      throw new SotaError('BOOT_CONFIGURATION_WRONG', {
        message: `${commit} should run, but ${facts.booted?.commit ?? 'no deployment'} does`,
      });
    }
    if (facts.deployments[0]?.commit !== commit) {
      throw new SotaError('BOOT_CONFIGURATION_WRONG', {
        message: `${commit} runs, but ${facts.deployments[0]?.commit ?? 'nothing'} would boot next`,
      });
    }
    await context.privileged.commitTrust({ lastConfirmedCommit: commit });
    // Only a version that is on record as confirmed may be disarmed.
    await context.privileged.disarmBootloader();
    await context.privileged.release(commit);
    return { event: { name: 'Confirmed' } };
  } catch (error) {
    return { event: { name: 'ConfirmationFailed', error: recordedError(error) } };
  } finally {
    context.progress.show(null);
  }
}
