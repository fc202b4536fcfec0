import type { Attempt, RecordedError } from '../../domain/update/record.js';
import { isPermanent, recordedError } from '../failure.js';
import type { UpdateContext } from '../update-context.js';
import type { EffectResult } from '../update-runner.js';

/**
 * ostree's texts are many, and a verdict closes every assignment of the device, on a whole fleet at once: a deploy that
 * failed for a reason unknown here gets a second try before it counts against the target.
 */
function mayPass({ lastError }: Attempt, { code }: RecordedError): boolean {
  return code === 'DEPLOY_FAILED' && lastError?.code !== 'DEPLOY_FAILED';
}

/** What a failure of a download or an installation means for its attempt (design rule 4). */
export function failedTry(
  context: UpdateContext,
  name: 'DownloadFailed' | 'InstallationFailed',
  attempt: Attempt,
  error: unknown,
): EffectResult {
  const failure = recordedError(error);
  context.logger.warning(`${attempt.target.name}: ${failure.message}`, {
    code: failure.code,
    correlationId: attempt.correlationId ?? undefined,
  });
  const age = context.now() - attempt.startedMilliseconds;
  return {
    event: {
      name,
      error: failure,
      isPermanent: isPermanent(error) && !mayPass(attempt, failure),
      isPastDeadline: age > context.settings.attemptDeadlineMilliseconds,
    },
  };
}
