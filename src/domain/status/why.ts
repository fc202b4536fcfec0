import { attemptOf, type UpdateRecord } from '../update/record.js';
import type { StatusInputs } from './status-inputs.js';

/**
 * Why nothing happens, as sentences, the most important first; empty when all is well and idle, or at work without
 * a hitch. A person who presses "update" and sees nothing move reads the reason here.
 */
export function whyNothingHappens(inputs: StatusInputs): readonly string[] {
  return [
    ...degradedConfiguration(inputs),
    ...unprovisioned(inputs),
    ...obstacle(inputs),
    ...waiting(inputs),
    ...backoff(inputs),
    ...held(inputs),
    ...noContact(inputs),
  ];
}

function degradedConfiguration({ configurationDegraded }: StatusInputs): readonly string[] {
  return configurationDegraded
    ? ['degraded configuration: it polls and reports, but never deploys, registers or makes keys']
    : [];
}

function unprovisioned({ device }: StatusInputs): readonly string[] {
  return device.provisioned ? [] : [`unprovisioned: ${device.reason ?? 'not registered at the server yet'}`];
}

/** The agent meets the lock before it installs and before it reboots. */
function obstacle({ obstacle: text, record }: StatusInputs): readonly string[] {
  return text !== null && (record.state === 'ready' || isBeforeReboot(record)) ? [`held: ${text}`] : [];
}

function waiting({ record, rebootsItself }: StatusInputs): readonly string[] {
  if (!isBeforeReboot(record)) {
    return [];
  }
  return [rebootsItself ? 'waiting for reboot' : 'waiting for reboot: somebody must reboot this device'];
}

function isBeforeReboot(record: UpdateRecord): boolean {
  return record.state === 'awaitingReboot' || record.state === 'rebooting';
}

function backoff({ backoffUntil, record }: StatusInputs): readonly string[] {
  if (backoffUntil === null) {
    return [];
  }
  const failures = attemptOf(record)?.failures ?? 0;
  const times = failures === 0 ? 'after a failure' : failures === 1 ? 'after 1 failure' : `after ${failures} failures`;
  return [`backoff until ${backoffUntil} ${times}`];
}

function held({ holds }: StatusInputs): readonly string[] {
  return holds.map(({ targetName, reason }) => `on hold: ${targetName}: ${reason}`);
}

/** A device that can't reach its source must not look up to date. */
function noContact({ lastPoll, lastSuccessfulContact, device }: StatusInputs): readonly string[] {
  const code = lastPoll?.code ?? null;
  if (code === null || !device.provisioned) {
    return [];
  }
  const since = lastSuccessfulContact === null ? 'never yet' : `last at ${lastSuccessfulContact}`;
  return [`the last poll failed (${code}); the server answered ${since}`];
}
