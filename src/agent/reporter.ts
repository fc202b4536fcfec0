/**
 * The manifest of each poll, and with it, once, the report on an installation. A stale or unmatched report would cancel
 * every open assignment of the device (backend.md 1.7), so it goes only with the director's verified word that its
 * assignment is the one in force.
 */
import { SotaError } from '../domain/errors/sota-error.js';
import type { JsonValue } from '../domain/json/json-value.js';
import type { Assignment } from '../domain/uptane/assignment.js';
import {
  assemble,
  canonicalText,
  deviceManifest,
  ecuVersionManifest,
  unknownImage,
  type InstalledImage,
} from '../domain/uptane/manifest.js';
import { formatUtcTime } from '../domain/uptane/utc-time.js';
import type { Clock } from '../ports/clock.js';
import type { HttpReply } from '../ports/http.js';
import type { QueuedReport, StateStore } from '../ports/journal.js';
import type { SigningKey } from '../ports/keys.js';
import type { Logger } from '../ports/logger.js';
import type { PrivilegedActions } from '../ports/privileged-actions.js';
import type { Provisioned } from './provisioning.js';
import { parseInstallationRecord, reportOf, type InstallationRecord } from './installation-record.js';
import { isServersOwn, isSuccess, serverError, statusError } from './server-reply.js';

const mostReplyBytes = 64 * 1024;
const deadlineSeconds = 60;
/** After so many 4xx a report is given up. */
const mostRefusals = 3;

export interface ReporterParts {
  readonly state: StateStore;
  readonly privileged: PrivilegedActions;
  readonly directorUrl: string;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Pending {
  readonly queued: QueuedReport;
  readonly record: InstallationRecord;
}

export class Reporter {
  private readonly parts: ReporterParts;

  constructor(parts: ReporterParts) {
    this.parts = parts;
  }

  /**
   * Sends the manifest, with the oldest queued installation report where the director's assignment is its own.
   * @param running what runs, asked after the report was chosen: a report that does not fit the version beside it would
   *   cancel every assignment, and an installation may end at any time.
   * @param assignment as verified in this poll; null when it is not known, then no report goes out.
   * @throws SotaError REPORT_REFUSED when the server does not take a manifest without a report, and the network's.
   */
  async send(
    device: Provisioned,
    running: () => InstalledImage,
    assignment: Assignment | null,
    attacksDetected: string,
  ): Promise<void> {
    const oldest = this.oldest(assignment);
    const image = running();
    const pending = image.name === unknownImage.name ? this.withhold(oldest) : oldest;
    const body = await this.manifest(device, image, attacksDetected, pending?.record ?? null);
    const reply = await device.http.request({
      method: 'PUT',
      url: `${this.parts.directorUrl}/manifest`,
      body,
      contentType: 'application/json',
      maximumBytes: mostReplyBytes,
      deadlineSeconds,
    });
    if (isSuccess(reply)) {
      if (pending !== null) this.finish(pending, 'reported', null, 'the server took the report');
      return;
    }
    if (pending === null || isServersOwn(reply)) throw refusal(reply);
    this.countRefusal(pending, reply);
  }

  /** Beside a version without a name a report matches nothing, whatever it says: none ever goes out. */
  private withhold(pending: Pending | null): null {
    if (pending !== null) this.finish(pending, 'withheld', null, 'the version that runs has no known name');
    return null;
  }

  /** The oldest report that may go out now; those that were overtaken are dropped and recorded. */
  private oldest(assignment: Assignment | null): Pending | null {
    if (assignment === null) return null;
    for (;;) {
      const [queued] = this.parts.state.reports.list('installation', 1);
      if (queued === undefined) return null;
      const record = parseInstallationRecord(queued.body);
      if (record === null) {
        this.parts.logger.error(`report ${queued.id} can not be read; dropped`, { code: 'STATE_DAMAGED' });
        this.parts.state.reports.remove([queued.id]);
        continue;
      }
      if (assignment.targets.length > 0 && assignment.correlationId === record.correlationId) {
        return { queued, record };
      }
      this.finish({ queued, record }, 'superseded', null, 'the director assigns something else by now');
    }
  }

  private async manifest(
    device: Provisioned,
    running: InstalledImage,
    attacksDetected: string,
    record: InstallationRecord | null,
  ): Promise<string> {
    const ecu = ecuVersionManifest({
      ecuSerial: device.ecuSerial,
      installedImage: running,
      attacksDetected,
      reportCounter: await this.parts.privileged.nextReportCounter(),
    });
    const whole = deviceManifest({
      primarySerial: device.ecuSerial,
      ecuManifests: new Map([[device.ecuSerial, await signed(ecu, device.key)]]),
      installationReport: record === null ? null : reportOf(record, device.hardwareId),
    });
    return canonicalText(await signed(whole, device.key));
  }

  private countRefusal(pending: Pending, reply: HttpReply): void {
    const error = refusal(reply);
    const count = this.parts.state.reports.countRefusal(pending.queued.id);
    this.parts.logger.warning(`${error.message} (${count} of ${mostRefusals})`, {
      code: error.code,
      correlationId: pending.record.correlationId,
    });
    if (count >= mostRefusals) this.finish(pending, 'refused', error.code, error.message);
  }

  private finish({ queued, record }: Pending, event: string, code: string | null, text: string): void {
    const { state, clock } = this.parts;
    state.transaction(() => {
      state.reports.remove([queued.id]);
      state.history.add({
        time: formatUtcTime(clock.wallMilliseconds()),
        event,
        correlationId: record.correlationId,
        target: null,
        code,
        text,
      });
    });
  }
}

async function signed(part: JsonValue, key: SigningKey): Promise<JsonValue> {
  const signature = await key.sign(canonicalText(part));
  return assemble(part, [{ keyId: key.keyId, method: key.method, signature }]);
}

/** The servers' words for a device that they don't have (any more), backend.md 1.7. */
const forgotten = ['device_missing_primary_ecu', 'missing_entity', 'missing_device'];

function refusal(reply: HttpReply): SotaError {
  const cause = statusError('PUT manifest', reply);
  if (isServersOwn(reply)) return cause;
  const isForgotten = forgotten.includes(serverError(reply).code);
  return new SotaError('REPORT_REFUSED', {
    message: isForgotten ? `${cause.message}: the server no longer knows this device` : cause.message,
    ...(isForgotten ? { hint: 'Restore the device on the server, or provision this one anew (empty storage).' } : {}),
    cause,
  });
}
