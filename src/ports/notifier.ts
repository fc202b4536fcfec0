/** The service manager. Without one, nothing happens. */
export interface Notifier {
  ready(): Promise<void>;
  status(text: string): Promise<void>;
  watchdog(): Promise<void>;
  stopping(): Promise<void>;
  /** Half of what the manager allows between two signs of life; null when it watches nothing. */
  readonly watchdogIntervalSeconds: number | null;
}
