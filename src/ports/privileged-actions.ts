import type { TrustChange, TrustedState } from './trust.js';
import type { PullProgress, TreeFacts } from './operating-system-tree.js';

/**
 * Everything that needs root, as a handful of closed verbs whose arguments are identifiers, never paths, URLs or
 * command lines (design rule 17). Both sides run in one process for now.
 */
export interface PrivilegedActions {
  treeFacts(): Promise<TreeFacts>;
  /** Pulls a commit that the trusted metadata name. */
  pull(
    commit: string,
    options: { readonly signal?: AbortSignal; readonly onProgress?: (progress: PullProgress) => void },
  ): Promise<void>;
  /** Gives a pulled commit up. */
  release(commit: string): Promise<void>;
  armBootloader(): Promise<void>;
  disarmBootloader(): Promise<void>;
  /** Takes the update lock, prepares the boot configuration and deploys; doesn't verify. */
  deploy(commit: string): Promise<void>;
  /** Entry 1 boots this commit, entry 2 the running one. @throws SotaError BOOT_CONFIGURATION_WRONG. */
  verifyBootConfiguration(commit: string): Promise<void>;
  /** Removes the commit's deployments and verifies that the running version boots next. */
  undeploy(commit: string): Promise<void>;
  rebootObstacle(): Promise<string | null>;
  /** Runs the reboot command; the signal gives it up. */
  reboot(signal?: AbortSignal): Promise<void>;
  trustedState(): Promise<TrustedState>;
  /** The privileged side verifies the handed-over metadata for itself before it keeps them. */
  commitTrust(change: TrustChange): Promise<TrustedState>;
  nextReportCounter(): Promise<number>;
}
