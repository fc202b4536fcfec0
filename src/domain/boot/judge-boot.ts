/**
 * What a start of the agent tells about an update that waits for its reboot (design rule 3): facts beat flags.
 */
export interface BootFacts {
  /** Boot id at the moment when the deployment was journaled. */
  readonly journaledBootId: string;
  /** Boot id now: another one is needed before anything is confirmed. */
  readonly currentBootId: string;
  /** Commit of the deployment whose device and inode are those of `/`; null when nothing of the sysroot runs. */
  readonly bootedCommit: string | null;
  /** The commit that was deployed and should run. */
  readonly expectedCommit: string;
  /** The one that ran before; null when unknown. */
  readonly previousCommit: string | null;
}

export type BootVerdict = 'notRebooted' | 'bootedExpected' | 'rolledBack' | 'bootedOther';

/** Nothing counts before the boot id is another one: a deploy without a change of kernel moves paths of the running system. */
export function judgeBoot(facts: BootFacts): BootVerdict {
  if (facts.currentBootId === facts.journaledBootId) return 'notRebooted';
  if (facts.bootedCommit === null) return 'bootedOther';
  if (facts.bootedCommit === facts.expectedCommit) return 'bootedExpected';
  return facts.bootedCommit === facts.previousCommit ? 'rolledBack' : 'bootedOther';
}
