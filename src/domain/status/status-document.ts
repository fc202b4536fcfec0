/**
 * The status document, version 1: the one source of `sotactl status`, its `--json`, the socket and status.json
 * (design rule 13), in the shape of bootc: what runs, what is pending, what one would go back to. Members are only ever
 * added; a change of meaning is another version.
 */
import { count, exactly, flag, list, moment, nullable, object, text, type TypeOf } from '../json/shape.js';

const version = object('A version of the operating system, or a binary target.', {
  name: nullable(text('Name of the target; null when it is not known for certain.')),
  checksum: nullable(text('OSTree commit or sha256 of the file, lower-case hexadecimal.', 128)),
});

const progress = object('What the running step does; null when none runs.', {
  phase: text('The step, such as "pulling".'),
  objectsFetched: nullable(count('Objects that came in so far.')),
  objectsRequested: nullable(count('Objects that are known to be needed so far; grows.')),
  bytes: nullable(count('Bytes that came in so far.')),
  totalBytes: nullable(count('Bytes in all, where that is known.')),
  percent: nullable(count('Of the bytes, else of the objects.', 100)),
});

const lastPoll = object('The newest poll; null when there was none since the start.', {
  time: moment('When it ended.'),
  outcome: text('"ok" or "failed".'),
  code: nullable(text('Code of the error, docs/errors.md.', 64)),
  text: text('What came of it, in a sentence.'),
});

const lastError = object('The newest error of the agent; null when nothing is wrong now.', {
  time: moment('When it happened.'),
  code: text('docs/errors.md.', 64),
  message: text('What happened.'),
  hint: text('What a person can do.'),
});

const hold = object('A target that is not tried again until the director assigns another one.', {
  targetName: text('Name of the target.'),
  checksum: text('Its sha256.', 128),
  correlationId: nullable(text('The assignment.')),
  reason: text('Why.'),
});

export const statusShape = object('What sotad is doing, and why it does nothing.', {
  version: exactly(1),
  time: moment('When this document was made, by the system clock.'),
  sotad: object('The agent itself.', {
    version: text('Version of sotad.', 128),
    bootId: text('Boot id of the kernel under which it runs.', 128),
  }),
  device: object('Who the device is.', {
    id: nullable(text('Device id; null before the first step of provisioning.')),
    ecuSerial: nullable(text('Serial of the primary ECU.')),
    hardwareId: nullable(text('Hardware identifier of the primary ECU.')),
    provisioned: flag('Is it registered at the server?'),
    reason: nullable(text('Why it is not.')),
  }),
  running: nullable(version),
  pending: nullable(version),
  rollback: nullable(version),
  state: text('State of the update, docs/architecture.md: idle, downloading, awaitingReboot and so on.', 64),
  correlationId: nullable(text('The assignment at work.')),
  progress: nullable(progress),
  why: list(text('A sentence.'), 64, 'Why nothing happens, or what is waited for; the most important first.'),
  lastPoll: nullable(lastPoll),
  nextPoll: nullable(moment('When the next poll is due, by the system clock.')),
  lastSuccessfulContact: nullable(moment('When the server last answered; survives restarts.')),
  lastError: nullable(lastError),
  holds: list(hold, 1000, 'Targets that are not tried again.'),
  queue: object('Reports that still have to reach the server.', {
    installationReports: count('Installation reports.'),
    events: count('Events.'),
    deviceData: count('Device data.'),
  }),
  configuration: object('The configuration.', {
    degraded: flag('A safety key has a mistake: it polls and reports, but never deploys, registers or makes keys.'),
    problems: list(text('file:line: reason.'), 64, 'What `sotactl config check` says.'),
  }),
});

/** See `statusShape`, from which this type and `config/status-1.schema.json` are made. */
export type StatusDocument = TypeOf<typeof statusShape>;
export type StatusVersion = TypeOf<typeof version>;
