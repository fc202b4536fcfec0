import { canonicalText } from '../domain/uptane/manifest.js';
import { reportEvent, type ReportEvent } from '../domain/uptane/report-event.js';
import type { StateStore } from '../ports/journal.js';
import type { Clock } from '../ports/clock.js';
import type { Random } from '../ports/random.js';
import type { Attempt } from '../domain/update/record.js';

/** The events of one ECU. */
export type EcuEventType = Extract<ReportEvent, { ecu: string }>['type'];

/** Puts the events of an update into the queue, in the form of the servers (aktualizr.md 3.4). */
export class EventRecorder {
  private readonly state: StateStore;
  private readonly clock: Clock;
  private readonly random: Random;

  constructor(parts: { readonly state: StateStore; readonly clock: Clock; readonly random: Random }) {
    this.state = parts.state;
    this.clock = parts.clock;
    this.random = parts.random;
  }

  /** Sent with the next poll, or later: events never disturb an update. */
  record(type: EcuEventType, attempt: Attempt, success = true): void {
    const common = {
      id: this.random.uuid(),
      timeMilliseconds: this.clock.wallMilliseconds(),
      correlationId: attempt.correlationId,
      ecu: attempt.ecuSerial,
    };
    const event: ReportEvent =
      type === 'EcuDownloadCompleted' || type === 'EcuInstallationCompleted'
        ? { ...common, type, success }
        : { ...common, type };
    this.state.reports.add('event', canonicalText(reportEvent(event)));
  }
}
