import type { BinaryImages } from '../ports/binary-images.js';
import type { Clock } from '../ports/clock.js';
import type { Http } from '../ports/http.js';
import type { StateStore } from '../ports/journal.js';
import type { Logger, RecentLog } from '../ports/logger.js';
import type { Notifier } from '../ports/notifier.js';
import type { PrivilegedActions } from '../ports/privileged-actions.js';
import type { Random } from '../ports/random.js';
import type { EventRecorder } from './event-recorder.js';
import type { InstalledVersions } from './installed-versions.js';
import type { ProgressBoard } from './progress.js';

/** What of the configuration the effects need. */
export interface UpdateSettings {
  readonly packageManager: 'ostree' | 'none';
  readonly repositoryUrl: string;
  readonly forceInstallCompletion: boolean;
  /** How long one attempt may go on failing before it is reported as failed, milliseconds. */
  readonly attemptDeadlineMilliseconds: number;
  /** The configuration has mistakes in its safety keys: nothing is deployed (design rule 12). */
  readonly isDegraded: boolean;
}

/** Everything that the effects of an update work with. */
export interface UpdateContext {
  readonly settings: UpdateSettings;
  readonly privileged: PrivilegedActions;
  readonly images: BinaryImages;
  /** The client with this device's identity. */
  readonly http: () => Http;
  readonly state: StateStore;
  readonly installed: InstalledVersions;
  readonly events: EventRecorder;
  readonly progress: ProgressBoard;
  readonly notifier: Notifier;
  readonly clock: Clock;
  /** What the age of an attempt is measured by, milliseconds since the epoch. */
  readonly now: () => number;
  readonly random: Random;
  readonly logger: Logger;
  readonly recentLog: RecentLog;
  /** After an outcome is in the queue: a poll may report it at once. */
  readonly wakePoll: () => void;
}
