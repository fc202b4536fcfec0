import type { Attempt } from '../../domain/update/record.js';
import { isPermanent, recordedError } from '../failure.js';
import type { UpdateContext } from '../update-context.js';
import type { EffectResult } from '../update-runner.js';

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
      isPermanent: isPermanent(error),
      isPastDeadline: age > context.settings.attemptDeadlineMilliseconds,
    },
  };
}
