import { SotaError } from '../../domain/errors/sota-error.js';
import type { Attempt, UpdateRecord } from '../../domain/update/record.js';
import { keepLog } from '../kept-log.js';
import type { UpdateContext } from '../update-context.js';
import type { EffectResult } from '../update-runner.js';
import { failedTry } from './failed-try.js';

/** How many placed binary targets stay on the disk. */
const keptImages = 2;

/**
 * The order of yocto-boot.md 3E: the intention is in the journal already; arm the boot environment, deploy, verify
 * what was written. Every step may be repeated.
 */
export async function install(context: UpdateContext, record: UpdateRecord): Promise<EffectResult | null> {
  if (record.state !== 'installing') return null;
  const { attempt } = record;
  context.events.record('EcuInstallationStarted', attempt);
  context.progress.show({ phase: 'installing' });
  try {
    requireSoundConfiguration(context);
    return attempt.target.format === 'OSTREE' ? await deploy(context, attempt) : await place(context, attempt);
  } catch (error) {
    return failedTry(context, 'InstallationFailed', attempt, error);
  } finally {
    context.progress.show(null);
  }
}

/** A restart may have brought a mistake in the configuration: then nothing is deployed (design rule 12). */
function requireSoundConfiguration({ settings }: UpdateContext): void {
  if (!settings.isDegraded) return;
  throw new SotaError('CONFIGURATION_INVALID', { message: 'the configuration is degraded: nothing is installed' });
}

async function deploy(context: UpdateContext, attempt: Attempt): Promise<EffectResult> {
  await context.privileged.armBootloader();
  await context.privileged.deploy(attempt.target.sha256);
  await context.privileged.verifyBootConfiguration(attempt.target.sha256);
  return {
    event: { name: 'Installed', needsReboot: true, text: 'deployed and verified' },
    alongside: () => {
      context.events.record('EcuInstallationApplied', attempt);
      // Somebody else may reboot at any moment from now on.
      keepLog(context, attempt.correlationId);
    },
  };
}

async function place(context: UpdateContext, attempt: Attempt): Promise<EffectResult> {
  const kept = context.installed.list().slice(0, keptImages - 1);
  await context.images.place(
    attempt.target.sha256,
    kept.map(({ sha256 }) => sha256),
  );
  return { event: { name: 'Installed', needsReboot: false, text: 'file in place' } };
}
