/** Reboot and what stands in its way. */
export interface Power {
  /** Who holds the update lock or inhibits a shutdown, in words; null when nobody does. */
  obstacle(): Promise<string | null>;
  /** Takes the update lock until `release`; nothing happens when it is ours. @throws SotaError UPDATE_LOCKED. */
  acquire(): Promise<void>;
  /** Gives the update lock back; nothing happens when it isn't ours. */
  release(): Promise<void>;
  /** Runs the reboot command; the signal ends it. @throws SotaError REBOOT_FAILED. */
  reboot(signal?: AbortSignal): Promise<void>;
}
