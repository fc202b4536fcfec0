import type { StateStore } from '../ports/journal.js';
import type { Clock } from '../ports/clock.js';
import type { Random } from '../ports/random.js';
import type { Attempt } from '../domain/update/record.js';

/** The event types that the servers index (backend.md 1.9). */
export type EcuEventType =
  | 'EcuDownloadStarted'
  | 'EcuDownloadCompleted'
  | 'EcuInstallationStarted'
  | 'EcuInstallationApplied'
  | 'EcuInstallationCompleted';

/** Puts the events of an update into the queue, in the form of aktualizr.md 3.4. */
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
  record(type: EcuEventType, attempt: Attempt, success?: boolean): void {
    const body = {
      id: this.random.uuid(),
      deviceTime: isoSeconds(this.clock.wallMilliseconds()),
      eventType: { id: type, version: 0 },
      event: {
        ...(attempt.correlationId === null ? {} : { correlationId: attempt.correlationId }),
        ecu: attempt.ecuSerial,
        ...(success === undefined ? {} : { success }),
      },
    };
    this.state.reports.add('event', JSON.stringify(body));
  }
}

/** `YYYY-MM-DDTHH:MM:SSZ`, the only form that the field's servers and clients take. */
export function isoSeconds(wallMilliseconds: number): string {
  return `${new Date(wallMilliseconds).toISOString().slice(0, 19)}Z`;
}
