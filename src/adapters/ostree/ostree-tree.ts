import { access } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { SotaError } from '../../domain/errors/sota-error.js';
import type { Files } from '../../ports/files.js';
import type { Logger } from '../../ports/logger.js';
import type {
  Deployment,
  OperatingSystemTree,
  PullProgress,
  PullSource,
  TreeFacts,
} from '../../ports/operating-system-tree.js';
import type { Processes } from '../../ports/processes.js';
import { parseDeploymentRows } from './deployment-rows.js';
import { administrationError, ostreeErrorText, pullError } from './ostree-errors.js';
import { OstreeProgram } from './ostree-program.js';
import { PullProgressCounter } from './pull-progress-counter.js';
import { remoteName, sweepPullRepositories, withPullRepository } from './pull-repository.js';
import { readDeployments } from './sysroot-reader.js';

export interface OstreeTreeOptions {
  /** pacman.sysroot: holds `boot` and `ostree`. */
  readonly sysroot: string;
  /** What stands for `/`; may be a symbolic link. Default `/`. */
  readonly rootFolder?: string;
  /** Default `/proc`. */
  readonly procFolder?: string;
  /** pacman.os; null: the one that runs, or the only one there is. */
  readonly osName: string | null;
  /** A folder on a tmpfs, for keys of a running pull. One OstreeTree at a time may use it. */
  readonly runtimeFolder: string;
  /** So long a pull may write not one byte. Default 60. */
  readonly stallTimeoutSeconds?: number;
  /** So long another ostree process may hold the sysroot. Default 60. */
  readonly lockTimeoutSeconds?: number;
  readonly processes: Processes;
  readonly files: Files;
  readonly logger: Logger;
}

/** Questions to ostree that change nothing but a ref. */
const quickTimeoutSeconds = 120;
/** The debug lines of a large pull are many; the last ones hold the error. */
const pullOutputLimitBytes = 64 * 1024;

/**
 * OSTree through its own command. Invariants: a commit is complete only when a pull of the whole of it exited 0 in this
 * attempt and left no `.commitpartial`; the booted deployment is never undeployed; numbers of deployments are looked up
 * right before they are used.
 */
export class OstreeTree implements OperatingSystemTree {
  readonly #sysroot: string;
  readonly #repository: string;
  readonly #rootFolder: string;
  readonly #procFolder: string;
  readonly #osName: string | null;
  readonly #runtimeFolder: string;
  readonly #stallTimeoutSeconds: number;
  readonly #ostree: OstreeProgram;
  readonly #files: Files;
  readonly #logger: Logger;

  /** Removes what a killed pull left in the runtime folder. @throws SotaError FILE_UNREADABLE. */
  constructor(options: OstreeTreeOptions) {
    this.#sysroot = options.sysroot;
    this.#repository = join(options.sysroot, 'ostree/repo');
    this.#rootFolder = options.rootFolder ?? '/';
    this.#procFolder = options.procFolder ?? '/proc';
    this.#osName = options.osName;
    this.#runtimeFolder = options.runtimeFolder;
    this.#stallTimeoutSeconds = options.stallTimeoutSeconds ?? 60;
    this.#files = options.files;
    this.#logger = options.logger;
    this.#ostree = new OstreeProgram(options.processes, options.logger, options.lockTimeoutSeconds ?? 60);
    sweepPullRepositories(this.#runtimeFolder);
  }

  async facts(): Promise<TreeFacts> {
    const deployed = await this.#deployed();
    const path = join(this.#procFolder, 'sys/kernel/random/boot_id');
    const bootId = (await this.#files.read(path, 256))?.toString('utf8').trim() ?? '';
    if (bootId === '') throw new SotaError('SYSROOT_UNAVAILABLE', { message: `${path} holds no boot id` });
    return { ...deployed, bootId };
  }

  async pull(
    commit: string,
    source: PullSource,
    options: { readonly signal?: AbortSignal; readonly onProgress?: (progress: PullProgress) => void },
  ): Promise<void> {
    requireCommit(commit);
    const counter = new PullProgressCounter(options.onProgress ?? (() => undefined));
    const place = { files: this.#files, repository: this.#repository, runtimeFolder: this.#runtimeFolder };
    const outcome = await withPullRepository(place, source, async (pullRepository) =>
      this.#ostree.run(['pull', `--repo=${pullRepository}`, '--verbose', remoteName, commit], {
        stallTimeoutSeconds: this.#stallTimeoutSeconds,
        outputLimitBytes: pullOutputLimitBytes,
        onLine: (_stream, line) => counter.readLine(line),
        onWrittenBytes: (bytes) => counter.countBytes(bytes),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      }),
    );
    if (outcome.endedBy !== 'itself' || outcome.exitCode !== 0) {
      throw pullError(commit, outcome, this.#stallTimeoutSeconds, counter.inFlight());
    }
    await this.#requireComplete(commit);
    // The ref keeps the commit from every clean-up until it is given up.
    await this.#changeRefs(`keep ${commit}`, ['--create', privateRef(commit), '--force', commit]);
    counter.report();
  }

  async release(commit: string): Promise<void> {
    requireCommit(commit);
    await this.#changeRefs(`release ${commit}`, ['--delete', privateRef(commit)]);
  }

  async deploy(commit: string): Promise<void> {
    requireCommit(commit);
    const { deployments, booted } = await this.#deployed();
    if (deployments[0]?.commit === commit) {
      this.#logger.info('the commit is deployed already and boots next', { commit });
      return;
    }
    await this.#removePendingBefore(booted);
    const osName = await this.#requireOsName(deployments, booted);
    const result = await this.#ostree.administer([
      'admin',
      'deploy',
      `--sysroot=${this.#sysroot}`,
      `--os=${osName}`,
      commit,
    ]);
    if (result.outcome.exitCode !== 0) throw administrationError(`deploy of ${commit}`, result);
    const first = (await this.#deployed()).deployments[0];
    if (first?.commit !== commit) {
      throw new SotaError('DEPLOY_FAILED', {
        message: `deploy of ${commit}: ostree exited 0, but ${first?.commit ?? 'nothing'} would boot next`,
      });
    }
  }

  async undeploy(commit: string): Promise<void> {
    requireCommit(commit);
    await this.#removeDeployments((deployment) => deployment.commit === commit, `undeploy of ${commit}`);
  }

  /**
   * A sysroot that libostree isn't booted from counts its first entry as the booted one: after a rollback a deploy would
   * delete what runs (platform.md 8b). So what stands before the running one goes first, as libostree itself drops
   * pending deployments on a booted device.
   */
  async #removePendingBefore(booted: Deployment | null): Promise<void> {
    if (booted === null || booted.index === 0) return;
    await this.#removeDeployments(
      (deployment) => !deployment.isPinned && deployment.index < booted.index,
      'removal of a pending deployment',
    );
    const now = (await this.#deployed()).booted;
    if (now?.index !== 0) {
      throw new SotaError('SYSROOT_UNAVAILABLE', {
        message: `sysroot ${this.#sysroot}: a pinned deployment stands before the running one`,
        hint: 'Unpin it with `ostree admin pin --unpin 0`.',
      });
    }
  }

  async #removeDeployments(isUnwanted: (deployment: Deployment) => boolean, what: string): Promise<void> {
    for (;;) {
      const { deployments } = await this.#deployed();
      const unwanted = deployments.find((deployment) => !deployment.isBooted && isUnwanted(deployment));
      if (unwanted === undefined) return;
      const index = await this.#indexOf(unwanted, what);
      this.#logger.info('removing a deployment', { commit: unwanted.commit, index });
      const result = await this.#ostree.administer(['admin', 'undeploy', `--sysroot=${this.#sysroot}`, String(index)]);
      if (result.outcome.exitCode !== 0) throw administrationError(what, result);
      const name = basename(unwanted.folder);
      const isStillThere = (await this.#deployed()).deployments.some((one) => basename(one.folder) === name);
      if (isStillThere) {
        throw new SotaError('SYSROOT_UNAVAILABLE', { message: `${what}: ${name} is still deployed afterwards` });
      }
    }
  }

  async #indexOf(deployment: Deployment, what: string): Promise<number> {
    const outcome = await this.#ostree.run(['admin', 'status', `--sysroot=${this.#sysroot}`], {
      timeoutSeconds: quickTimeoutSeconds,
    });
    if (outcome.exitCode !== 0) {
      throw new SotaError('SYSROOT_UNAVAILABLE', { message: `${what}: ${ostreeErrorText(outcome)}` });
    }
    const name = basename(deployment.folder);
    const row = parseDeploymentRows(outcome.standardOutput).find(
      (one) => one.name === name && one.osName === deployment.osName && !one.isMarkedBooted,
    );
    if (row === undefined) {
      throw new SotaError('SYSROOT_UNAVAILABLE', { message: `${what}: ostree admin status does not list ${name}` });
    }
    return row.index;
  }

  async #requireComplete(commit: string): Promise<void> {
    const marker = join(this.#repository, 'state', `${commit}.commitpartial`);
    const isPartial = await access(marker).then(
      () => true,
      () => false,
    );
    if (!isPartial) return;
    throw new SotaError('PULL_FAILED', { message: `pull of ${commit}: ostree exited 0, but ${marker} is there` });
  }

  async #deployed(): Promise<Omit<TreeFacts, 'bootId'>> {
    const deployments = await readDeployments(this.#files, this.#sysroot, this.#rootFolder);
    return { deployments, booted: deployments.find((deployment) => deployment.isBooted) ?? null };
  }

  async #changeRefs(what: string, words: readonly string[]): Promise<void> {
    const outcome = await this.#ostree.run(['refs', `--repo=${this.#repository}`, ...words], {
      timeoutSeconds: quickTimeoutSeconds,
    });
    if (outcome.exitCode === 0) return;
    const error = administrationError(what, { outcome, gaveUpOnLock: false });
    throw error.code === 'DEPLOY_FAILED' ? new SotaError('PROCESS_FAILED', { message: error.message }) : error;
  }

  async #requireOsName(deployments: readonly Deployment[], booted: Deployment | null): Promise<string> {
    const known = this.#osName ?? booted?.osName ?? deployments[0]?.osName;
    if (known !== undefined) return known;
    const names = await this.#files.list(join(this.#sysroot, 'ostree/deploy'));
    const only = names[0];
    if (only !== undefined && names.length === 1) return only;
    throw new SotaError('SYSROOT_UNAVAILABLE', {
      message: `sysroot ${this.#sysroot}: pacman.os is not set and ${names.length} operating systems are there`,
    });
  }
}

/** The ref that holds a commit between pull and the end of its update. */
function privateRef(commit: string): string {
  return `sotad/${commit}`;
}

/** Anything else would reach ostree as a ref or an option. */
function requireCommit(commit: string): void {
  if (/^[0-9a-f]{64}$/.test(commit)) return;
  throw new SotaError('TARGET_FORMAT', { message: `"${commit}" is no checksum of an OSTree commit` });
}
