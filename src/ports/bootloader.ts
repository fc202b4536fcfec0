/** What decides which deployment boots: uEnv.txt on U-Boot boards, boot loader entries elsewhere. */

/** What must boot next. */
export interface BootExpectation {
  /** Commit and folder of the first entry. */
  readonly first: { readonly commit: string; readonly folder: string };
  /** The running one, which must stay as the second entry; null where nothing runs from the sysroot. */
  readonly second: { readonly commit: string; readonly folder: string } | null;
}

export interface Bootloader {
  /** Makes sure that libostree can write the configuration (creates an empty uEnv.txt). @throws SotaError BOOT_CONFIGURATION_UNAVAILABLE. */
  prepare(): Promise<void>;
  /** Before the deploy: the new version's boots are counted. Repeatable. */
  arm(): Promise<void>;
  /** The booted version is good. Repeatable. */
  disarm(): Promise<void>;
  /** Compares what would boot with what is expected. @throws SotaError BOOT_CONFIGURATION_WRONG with the difference. */
  verify(expectation: BootExpectation): Promise<void>;
}
