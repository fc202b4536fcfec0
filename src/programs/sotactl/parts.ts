import type { LoadedConfiguration } from '../../adapters/configuration/load-configuration.js';
import type { HistoryEntry } from '../../ports/journal.js';

/** What of the daemon sotactl asks (adapters/control's ControlClient). Every method may throw DAEMON_NOT_RUNNING. */
export interface DaemonClient {
  /** JSON. */
  status(): Promise<string>;
  history(maximum: number): Promise<readonly HistoryEntry[]>;
  /** Until the signal, or the daemon, ends it. */
  watch(onDocument: (document: string) => void, signal?: AbortSignal): Promise<void>;
  check(): Promise<unknown>;
  update(): Promise<unknown>;
}

/** A status document that the daemon left behind. */
export interface LeftStatus {
  readonly path: string;
  readonly text: string;
}

/** Options that every verb knows. */
export interface GlobalOptions {
  readonly socketFolder?: string;
  /** Files and folders of `-c`. */
  readonly config?: readonly string[];
}

/** All that the verbs need of the world; wire.ts makes it, tests make their own. */
export interface SotactlParts {
  readonly version: string;
  connect(options: GlobalOptions): Promise<DaemonClient>;
  loadConfiguration(options: GlobalOptions): Promise<LoadedConfiguration>;
  /** The newest status that lies in the runtime folder, else in the storage; null when there is none to be read. */
  leftStatus(options: GlobalOptions): Promise<LeftStatus | null>;
  /** ISO 8601, UTC. */
  now(): string;
  /** From now on an interrupt from the keyboard aborts this signal instead of ending the program. */
  catchInterrupt(): AbortSignal;
  readonly terminal: { readonly width: number; readonly color: boolean; readonly isTerminal: boolean };
  /** To standard output. */
  print(text: string): void;
  /** To standard error. */
  warn(text: string): void;
}
