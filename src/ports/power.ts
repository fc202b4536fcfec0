/** Reboot and what stands in its way. */
export interface Power {
  /** Who holds the update lock or inhibits a shutdown, in words; null when nobody does. */
  obstacle(): Promise<string | null>;
  /** Runs the reboot command. @throws SotaError REBOOT_FAILED. */
  reboot(): Promise<void>;
}
