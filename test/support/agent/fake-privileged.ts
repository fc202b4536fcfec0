import type { Deployment, PullProgress, TreeFacts } from '../../../src/ports/operating-system-tree.js';
import type { PrivilegedActions } from '../../../src/ports/privileged-actions.js';
import type { TrustChange, TrustedState } from '../../../src/ports/trust.js';
import { newCommit, oldCommit } from '../update/records.js';

const nothingTrusted = { roots: [], timestamp: null, snapshot: null, targets: null };

export const emptyTrust: TrustedState = {
  director: nothingTrusted,
  image: nothingTrusted,
  timeFloorMilliseconds: 0,
  holds: [],
  lastConfirmedCommit: oldCommit,
  firstUse: null,
};

/** A deployment of a board with one operating system. */
export function deployment(commit: string, index: number, isBooted: boolean): Deployment {
  return { index, osName: 'os', commit, folder: `/sysroot/${commit}.0`, isBooted, isPinned: false };
}

/** What a board finds that runs one commit and boots another one next. */
export function treeFacts(booted: string | null, first: string | null = booted, bootId = 'boot-1'): TreeFacts {
  const commits = [...new Set([first, booted])].filter((commit) => commit !== null);
  const deployments = commits.map((commit, index) => deployment(commit, index, commit === booted));
  return { deployments, booted: deployments.find(({ isBooted }) => isBooted) ?? null, bootId };
}

type Verb = keyof PrivilegedActions;

/** A fake: records the verbs in their order, lets each fail on demand, keeps trust in memory. */
export class FakePrivileged implements PrivilegedActions {
  readonly calls: string[] = [];
  readonly failures = new Map<Verb, Error>();
  facts: TreeFacts = treeFacts(oldCommit);
  trusted: TrustedState = emptyTrust;
  obstacle: string | null = null;
  onPull: (options: {
    readonly signal?: AbortSignal;
    readonly onProgress?: (progress: PullProgress) => void;
  }) => Promise<void> = () => Promise.resolve();
  private counter = 0;

  treeFacts = (): Promise<TreeFacts> => this.does('treeFacts', '', () => this.facts);
  pull: PrivilegedActions['pull'] = async (commit, options) => {
    await this.does('pull', commit);
    await this.onPull(options);
  };
  release = (commit: string): Promise<void> => this.does('release', commit);
  armBootloader = (): Promise<void> => this.does('armBootloader');
  disarmBootloader = (): Promise<void> => this.does('disarmBootloader');
  deploy = (commit: string): Promise<void> => this.does('deploy', commit);
  verifyBootConfiguration = (commit: string): Promise<void> => this.does('verifyBootConfiguration', commit);
  undeploy = (commit: string): Promise<void> => this.does('undeploy', commit);
  rebootObstacle = (): Promise<string | null> => this.does('rebootObstacle', '', () => this.obstacle);
  reboot = (): Promise<void> => this.does('reboot');
  trustedState = (): Promise<TrustedState> => this.does('trustedState', '', () => this.trusted);
  commitTrust = (change: TrustChange): Promise<TrustedState> =>
    this.does('commitTrust', Object.keys(change).join(' '), () => {
      const { appendRoots = [], ...rest } = change;
      this.trusted = { ...this.trusted, ...rest };
      for (const { repository, ...root } of appendRoots) {
        const before = this.trusted[repository];
        this.trusted = { ...this.trusted, [repository]: { ...before, roots: [...before.roots, root] } };
      }
      return this.trusted;
    });
  nextReportCounter = (): Promise<number> => this.does('nextReportCounter', '', () => (this.counter += 1));

  /** The verbs that change something, with their argument. */
  changes(): readonly string[] {
    const reads = ['treeFacts', 'trustedState', 'rebootObstacle', 'nextReportCounter'];
    return this.calls.filter((call) => !reads.includes(call.split(' ')[0] ?? ''));
  }

  private does(verb: Verb, argument?: string): Promise<void>;
  private does<Value>(verb: Verb, argument: string, value: () => Value): Promise<Value>;
  private does<Value>(verb: Verb, argument = '', value?: () => Value): Promise<Value | undefined> {
    const word = { [newCommit]: 'new', [oldCommit]: 'old' }[argument] ?? argument;
    this.calls.push(word === '' ? verb : `${verb} ${word}`);
    const failure = this.failures.get(verb);
    if (failure !== undefined) return Promise.reject(failure);
    return Promise.resolve(value?.());
  }
}
