/**
 * The privileged side, in the same process for now (design rule 17). It knows URLs, paths and commands from its own
 * configuration; callers hand over identifiers only.
 */
import { SotaError } from '../domain/errors/sota-error.js';
import type { Bootloader } from '../ports/bootloader.js';
import type {
  Deployment,
  OperatingSystemTree,
  PullProgress,
  PullSource,
  TreeFacts,
} from '../ports/operating-system-tree.js';
import type { Power } from '../ports/power.js';
import type { PrivilegedActions } from '../ports/privileged-actions.js';
import type { TrustChange, TrustedState, TrustStore } from '../ports/trust.js';

/** Verifies metadata that are handed over, against what is trusted. @throws SotaError when they don't follow. */
export type MetadataGuard = (trusted: TrustedState, change: TrustChange) => void;

export interface PrivilegedParts {
  /** null on a device that isn't updated by OSTree. */
  readonly system: {
    readonly tree: OperatingSystemTree;
    /** Which boot loader a board has is looked up anew for each action. */
    readonly bootloader: () => Promise<Bootloader>;
  } | null;
  readonly power: Power;
  readonly trust: TrustStore;
  readonly guard: MetadataGuard;
  /**
   * Server and TLS material for a commit that the trusted metadata name.
   * @throws SotaError TARGET_UNKNOWN and the refusals of verification where they don't.
   */
  readonly pullSource: (commit: string) => Promise<PullSource>;
}

export class LocalPrivilegedActions implements PrivilegedActions {
  private readonly parts: PrivilegedParts;

  constructor(parts: PrivilegedParts) {
    this.parts = parts;
  }

  treeFacts(): Promise<TreeFacts> {
    return this.system().tree.facts();
  }

  async pull(
    commit: string,
    options: { readonly signal?: AbortSignal; readonly onProgress?: (progress: PullProgress) => void },
  ): Promise<void> {
    await this.system().tree.pull(checked(commit), await this.parts.pullSource(commit), options);
  }

  release(commit: string): Promise<void> {
    return this.system().tree.release(checked(commit));
  }

  async armBootloader(): Promise<void> {
    await (await this.system().bootloader()).arm();
  }

  async disarmBootloader(): Promise<void> {
    await (await this.system().bootloader()).disarm();
  }

  async deploy(commit: string): Promise<void> {
    const { tree, bootloader } = this.system();
    // The metadata may have expired or been replaced since the pull.
    await this.parts.pullSource(checked(commit));
    await this.parts.power.acquire();
    try {
      await (await bootloader()).prepare();
      await tree.deploy(checked(commit));
    } finally {
      await this.parts.power.release();
    }
  }

  async verifyBootConfiguration(commit: string): Promise<void> {
    await this.verify(checked(commit));
  }

  async undeploy(commit: string): Promise<void> {
    const { tree } = this.system();
    const before = await tree.facts();
    const isThere = before.deployments.some(
      (deployment) => deployment.commit === checked(commit) && !deployment.isBooted,
    );
    if (isThere) await tree.undeploy(commit);
    const running = before.booted?.commit;
    if (running !== undefined && isThere) await this.verify(running);
    else if (running !== undefined) requireFirst(before, running);
  }

  rebootObstacle(): Promise<string | null> {
    return this.parts.power.obstacle();
  }

  async reboot(signal?: AbortSignal): Promise<void> {
    await this.parts.power.acquire();
    try {
      await this.parts.power.reboot(signal);
    } finally {
      await this.parts.power.release();
    }
  }

  trustedState(): Promise<TrustedState> {
    return this.parts.trust.load();
  }

  async commitTrust(change: TrustChange): Promise<TrustedState> {
    this.parts.guard(await this.parts.trust.load(), change);
    return this.parts.trust.commit(change);
  }

  nextReportCounter(): Promise<number> {
    return this.parts.trust.nextReportCounter();
  }

  /** The commit boots next and, where another one runs, that one is the second entry. */
  private async verify(commit: string): Promise<void> {
    const { tree, bootloader } = this.system();
    const facts = await tree.facts();
    const { booted } = facts;
    const first = requireFirst(facts, commit);
    const place = ({ commit: held, folder }: Deployment): { commit: string; folder: string } => ({
      commit: held,
      folder,
    });
    const second = booted === null || booted.commit === commit ? null : place(booted);
    await (await bootloader()).verify({ first: place(first), second });
  }

  private system(): NonNullable<PrivilegedParts['system']> {
    if (this.parts.system !== null) return this.parts.system;
    throw new SotaError('SYSROOT_UNAVAILABLE', {
      message: 'this device is not updated by OSTree (pacman.type = none)',
    });
  }
}

function requireFirst({ deployments }: TreeFacts, commit: string): Deployment {
  const first = deployments[0];
  if (first?.commit === commit) return first;
  throw new SotaError('BOOT_CONFIGURATION_WRONG', {
    message: `${commit} should boot next, but ${first?.commit ?? 'nothing'} would`,
  });
}

/** Identifiers only: whatever else comes in here is a bug of the caller. */
function checked(commit: string): string {
  if (/^[0-9a-f]{64}$/.test(commit)) return commit;
  throw new SotaError('INTERNAL', { message: `${JSON.stringify(commit)} is no commit` });
}
