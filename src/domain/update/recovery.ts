/**
 * What a start makes of the journal: facts beat flags (design rule 3). Pure, and part of the transition table.
 */
import type { BootFacts } from './events.js';
import type { Attempt, Origin, Outcome, UpdateRecord } from './record.js';

/** The outcome of an attempt whose new version did not stay. */
export function rolledBack(attempt: Attempt, facts: BootFacts): Outcome {
  return {
    result: 'failure',
    error: {
      code: 'ROLLED_BACK',
      message: `${attempt.target.name} was installed, but the device booted ${facts.bootedCommit ?? 'no deployment'}`,
      causes: attempt.lastError === null ? [] : attempt.lastError.causes,
    },
  };
}

/**
 * Nothing of this try is deployed, as far as the journal knows; but a former try may have come far enough to boot (it
 * failed after its deploy, and somebody rebooted). What runs is not installed again, it passes the gate of any new
 * version.
 * @returns null when another version runs.
 */
export function recoverBeforeInstalling(attempt: Attempt, facts: BootFacts): UpdateRecord | null {
  if (attempt.target.format !== 'OSTREE' || facts.bootedCommit !== attempt.target.sha256) return null;
  return { state: 'confirming', attempt, origin: { commit: null, bootId: facts.bootId } };
}

/**
 * The installation was cut. A killed deploy may or may not already boot the new version (66 of 181 kill points),
 * so only what is booted and what boots next decide.
 */
export function recoverInstalling(attempt: Attempt, origin: Origin, facts: BootFacts): UpdateRecord {
  if (attempt.target.format === 'BINARY' || facts.bootId === origin.bootId) {
    return { state: 'installing', attempt, origin };
  }
  if (facts.bootedCommit === attempt.target.sha256) return { state: 'confirming', attempt, origin };
  // The new version boots first, yet another one runs: the boot loader went back.
  if (facts.firstCommit === attempt.target.sha256) {
    return { state: 'undoing', attempt, outcome: rolledBack(attempt, facts) };
  }
  return { state: 'retrying', attempt };
}

/** The installation was complete and verified; a reboot was wanted. */
export function recoverAwaitingReboot(attempt: Attempt, origin: Origin, facts: BootFacts): UpdateRecord {
  // Nothing is confirmed without a new boot id.
  if (facts.bootId === origin.bootId) return { state: 'awaitingReboot', attempt, origin };
  if (facts.bootedCommit === attempt.target.sha256) return { state: 'confirming', attempt, origin };
  return { state: 'undoing', attempt, outcome: rolledBack(attempt, facts) };
}

/** The new version ran already, but was not confirmed. */
export function recoverConfirming(attempt: Attempt, origin: Origin, facts: BootFacts): UpdateRecord {
  if (facts.bootedCommit === attempt.target.sha256) return { state: 'confirming', attempt, origin };
  return { state: 'undoing', attempt, outcome: rolledBack(attempt, facts) };
}

/**
 * The failed deployment was being removed. If it is the one that runs now, it can't be removed and, having booted
 * after all, has to pass the same gate as any new version.
 */
export function recoverUndoing(attempt: Attempt, outcome: Outcome, facts: BootFacts): UpdateRecord {
  if (attempt.target.format === 'OSTREE' && facts.bootedCommit === attempt.target.sha256) {
    return { state: 'confirming', attempt, origin: { commit: null, bootId: facts.bootId } };
  }
  return { state: 'undoing', attempt, outcome };
}
