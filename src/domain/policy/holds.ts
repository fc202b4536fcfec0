/** A target that must not be tried again: quarantine and hold (design rule 4). */
export interface Hold {
  readonly targetName: string;
  readonly sha256: string;
  readonly correlationId: string | null;
  readonly reason: string;
}

/** What identifies a try of a target: a new metadata version alone never lifts a hold. */
export type HoldKey = Omit<Hold, 'reason'>;

const isSame = (one: HoldKey, other: HoldKey): boolean =>
  one.targetName === other.targetName && one.sha256 === other.sha256 && one.correlationId === other.correlationId;

/** The hold on a target, if there is one. */
export function findHold(holds: readonly Hold[], key: HoldKey): Hold | null {
  return holds.find((hold) => isSame(hold, key)) ?? null;
}

/** How many holds are kept; the oldest go. */
const mostHolds = 100;

/** The holds with one more; the same array when it is there already. */
export function addHold(holds: readonly Hold[], hold: Hold): readonly Hold[] {
  return findHold(holds, hold) === null ? [...holds, hold].slice(-mostHolds) : holds;
}
