import { addHold } from '../../domain/policy/holds.js';
import type { Attempt, Outcome, UpdateRecord } from '../../domain/update/record.js';
import { formatUtcTime } from '../../domain/uptane/utc-time.js';
import { printInstallationRecord } from '../installation-record.js';
import { forgetLog, wholeLog } from '../kept-log.js';
import type { UpdateContext } from '../update-context.js';
import type { EffectResult } from '../update-runner.js';

/**
 * The attempt is over: what is known of it becomes durable in one transaction with the end of the attempt. The report
 * is kept as data and signed when it is sent.
 */
export async function report(context: UpdateContext, record: UpdateRecord): Promise<EffectResult | null> {
  if (record.state !== 'reporting') return null;
  const { attempt, outcome } = record;
  if (outcome.result === 'failure') await hold(context, attempt, outcome.error.message);
  return {
    event: { name: 'Reported' },
    alongside: () => {
      remember(context, attempt, outcome);
      forgetLog(context);
      context.wakePoll();
    },
  };
}

/** The very same assignment must not be tried again until the director changes it (design rule 4). */
async function hold(context: UpdateContext, attempt: Attempt, reason: string): Promise<void> {
  const { holds } = await context.privileged.trustedState();
  const more = addHold(holds, {
    targetName: attempt.target.name,
    sha256: attempt.target.sha256,
    correlationId: attempt.correlationId,
    reason,
  });
  if (more !== holds) await context.privileged.commitTrust({ holds: more });
}

function remember(context: UpdateContext, attempt: Attempt, outcome: Outcome): void {
  const { target } = attempt;
  context.state.history.add({
    time: formatUtcTime(context.clock.wallMilliseconds()),
    event: outcome.result,
    correlationId: attempt.correlationId,
    target: target.name,
    code: outcome.result === 'failure' ? outcome.error.code : outcome.result === 'withdrawn' ? 'WITHDRAWN' : null,
    text: outcome.result === 'failure' ? outcome.error.message : outcome.text,
  });
  if (outcome.result === 'success') {
    context.installed.remember({ name: target.name, sha256: target.sha256, length: target.lengthBytes });
  }
  if (outcome.result === 'withdrawn') return;
  context.events.record('EcuInstallationCompleted', attempt, outcome.result === 'success');
  // Without a correlation id no report ever: an unmatched one cancels every open assignment (backend.md 1.7).
  if (attempt.correlationId === null) return;
  const log = wholeLog(context, attempt.correlationId);
  const record = {
    correlationId: attempt.correlationId,
    ecuSerial: attempt.ecuSerial,
    ...resultOf(outcome),
  };
  context.state.reports.add(
    'installation',
    printInstallationRecord({ ...record, rawReport: [...record.rawReport, log].join('\n') }),
  );
}

/** Code, text and chain of causes, the same on the wire as in the status. */
function resultOf(outcome: Exclude<Outcome, { result: 'withdrawn' }>): {
  readonly success: boolean;
  readonly code: string;
  readonly description: string;
  readonly rawReport: readonly string[];
} {
  if (outcome.result === 'success') {
    return { success: true, code: 'OK', description: outcome.text, rawReport: [`OK: ${outcome.text}`] };
  }
  const { code, message, causes } = outcome.error;
  return { success: false, code, description: message, rawReport: [`${code}: ${message}`, ...causes] };
}
