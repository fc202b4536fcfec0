/** Events that show an update's progress on the server (aktualizr.md 3.4). */
import type { JsonValue } from '../json/json-value.js';
import { fromPlainValue } from '../json/plain-value.js';
import { formatUtcTime } from './utc-time.js';

interface EventOrigin {
  /** A UUID, version 4. */
  readonly id: string;
  /** By the system clock, milliseconds since the epoch. */
  readonly timeMilliseconds: number;
}

/** The campaign or update that an event belongs to; null or empty is left out. */
interface Correlated {
  readonly correlationId: string | null;
}

export type ReportEvent = EventOrigin &
  (
    | (Correlated & {
        readonly type: 'EcuDownloadStarted' | 'EcuInstallationStarted' | 'EcuInstallationApplied';
        readonly ecu: string;
      })
    | (Correlated & {
        readonly type: 'EcuDownloadCompleted' | 'EcuInstallationCompleted';
        readonly ecu: string;
        readonly success: boolean;
      })
    | (Correlated & { readonly type: 'DevicePaused' | 'DeviceResumed' })
    | {
        readonly type: 'campaign_accepted' | 'campaign_declined' | 'campaign_postponed';
        readonly campaignId: string;
      }
  );

/** An element of the array that `POST /events` takes. */
export function reportEvent(event: ReportEvent): JsonValue {
  const { id, timeMilliseconds, type, ...fields } = event;
  const correlationId = 'correlationId' in fields && fields.correlationId ? fields.correlationId : undefined;
  return fromPlainValue({
    id,
    deviceTime: formatUtcTime(timeMilliseconds),
    eventType: { id: type, version: 0 },
    event: { ...fields, correlationId },
  });
}
