import type { ConfigurationProblem } from '../configuration/problem.js';
import type { UpdateRecord } from '../update/record.js';
import type { StatusVersion } from './status-document.js';

/** All that the status is made from. Moments are ISO 8601 texts in UTC, such as 2025-01-31T08:00:00Z. */
export interface StatusInputs {
  readonly now: string;
  readonly sotadVersion: string;
  readonly bootId: string;
  readonly device: {
    readonly id: string | null;
    readonly ecuSerial: string | null;
    readonly hardwareId: string | null;
    readonly provisioned: boolean;
    /** Why it is not provisioned. */
    readonly reason: string | null;
  };
  readonly running: StatusVersion | null;
  /** What boots next, when that is not what runs; null where nothing is deployed. */
  readonly pending: StatusVersion | null;
  readonly rollback: StatusVersion | null;
  readonly record: UpdateRecord;
  readonly progress: {
    readonly phase: string;
    readonly objectsFetched?: number;
    readonly objectsRequested?: number;
    readonly bytes?: number;
    readonly totalBytes?: number;
  } | null;
  /** Who holds a lock or inhibits the reboot, in words. */
  readonly obstacle: string | null;
  /** Does the agent reboot by itself (uptane.force_install_completion)? */
  readonly rebootsItself: boolean;
  readonly lastPoll: {
    readonly time: string;
    /** Code of the error; null when the poll succeeded. */
    readonly code: string | null;
    readonly text: string;
  } | null;
  readonly nextPoll: string | null;
  /** Until when it waits after failures; null when it doesn't. */
  readonly backoffUntil: string | null;
  readonly lastSuccessfulContact: string | null;
  readonly lastError: {
    readonly time: string;
    readonly code: string;
    readonly message: string;
    readonly hint: string;
  } | null;
  readonly holds: readonly {
    readonly targetName: string;
    readonly sha256: string;
    readonly correlationId: string | null;
    readonly reason: string;
  }[];
  readonly queue: { readonly installationReports: number; readonly events: number; readonly deviceData: number };
  readonly configurationProblems: readonly ConfigurationProblem[];
  readonly configurationDegraded: boolean;
}
