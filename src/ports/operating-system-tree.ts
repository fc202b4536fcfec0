/** The OSTree sysroot. */

export interface Deployment {
  /** Position in the boot order: 0 boots next. Looked up anew for every action. */
  readonly index: number;
  readonly osName: string;
  readonly commit: string;
  /** Folder of the deployment, absolute on this machine. */
  readonly folder: string;
  /** Is it the one whose device and inode are those of `/`? (design rule 3) */
  readonly isBooted: boolean;
  readonly isPinned: boolean;
}

export interface TreeFacts {
  readonly deployments: readonly Deployment[];
  readonly booted: Deployment | null;
  /** `/proc/sys/kernel/random/boot_id`. */
  readonly bootId: string;
}

export interface PullProgress {
  readonly objectsFetched: number;
  readonly objectsRequested: number;
  readonly bytes: number;
}

/** Where and with what to pull: material is handed over as 0600 files in a tmpfs folder, never in arguments. */
export interface PullSource {
  readonly url: string;
  readonly tls: {
    readonly certificateAuthorities: string;
    readonly clientCertificate?: string;
    readonly clientKey?: string;
  };
}

export interface OperatingSystemTree {
  /** @throws SotaError SYSROOT_UNAVAILABLE. */
  facts(): Promise<TreeFacts>;
  /**
   * The whole commit by its hash, however much of it is already here; a private ref holds it afterwards.
   * @throws SotaError PULL_FAILED, PULL_STALLED, OBJECT_MISSING, OBJECT_CORRUPT, DISK_FULL, ABORTED and the network's.
   */
  pull(
    commit: string,
    source: PullSource,
    options: { readonly signal?: AbortSignal; readonly onProgress?: (progress: PullProgress) => void },
  ): Promise<void>;
  /** Gives the private ref of a commit up; its objects go with the next clean-up. */
  release(commit: string): Promise<void>;
  /** Makes the commit the one that boots next. @throws SotaError DEPLOY_FAILED, DISK_FULL. */
  deploy(commit: string): Promise<void>;
  /** Removes every deployment of the commit that isn't booted; nothing happens when there is none. */
  undeploy(commit: string): Promise<void>;
}
