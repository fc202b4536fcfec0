/**
 * `trustedNow = max(system clock, floor)` (design rule 9). The floor that is kept comes only from what is
 * authenticated; the system clock is never kept, so that one wrong answer of a time server can't poison a device.
 */
import { SotaError } from '../domain/errors/sota-error.js';
import type { Clock } from '../ports/clock.js';
import type { PrivilegedActions } from '../ports/privileged-actions.js';

const day = 24 * 60 * 60 * 1000;

export class TimeKeeper {
  private readonly clock: Clock;
  private readonly privileged: PrivilegedActions;
  private buildMilliseconds: number;
  private floor: number;
  private movedAt: number | null = null;
  private authenticated: { readonly milliseconds: number; readonly monotonic: number } | null = null;

  /** @param buildMilliseconds when this program was built: a lower bound that is worked out anew at each start. */
  constructor(parts: {
    readonly clock: Clock;
    readonly privileged: PrivilegedActions;
    readonly buildMilliseconds: number;
    readonly keptFloorMilliseconds: number;
  }) {
    this.clock = parts.clock;
    this.privileged = parts.privileged;
    this.buildMilliseconds = parts.buildMilliseconds;
    this.floor = parts.keptFloorMilliseconds;
  }

  /** Milliseconds since the epoch; what expiry is judged by. */
  now(): number {
    return Math.max(this.clock.wallMilliseconds(), this.floor, this.buildMilliseconds);
  }

  /**
   * For how long something goes on: by a server that proved who it is where one was heard in this run, else by the
   * system clock, which may be weeks behind until it is synchronised.
   */
  best(): number {
    if (this.authenticated === null) return this.clock.wallMilliseconds();
    const { milliseconds, monotonic } = this.authenticated;
    return Math.round(milliseconds + this.clock.monotonicMilliseconds() - monotonic);
  }

  /**
   * TLS is judged by the system clock, before `now` can help.
   * @throws SotaError CLOCK_SUSPECT when that clock is over a day behind what is known to have passed.
   */
  requirePlausibleClock(): void {
    const known = Math.max(this.floor, this.buildMilliseconds);
    const wall = this.clock.wallMilliseconds();
    if (wall >= known - day) return;
    throw new SotaError('CLOCK_SUSPECT', {
      message: `the clock says ${new Date(wall).toISOString()}, but it is at least ${new Date(known).toISOString()}`,
    });
  }

  /** Takes the `Date` of a server that proved who it is. Moves the kept floor at most a day a day. */
  async observe(dateHeader: string | undefined): Promise<void> {
    if (dateHeader === undefined) return;
    const said = Date.parse(dateHeader);
    if (Number.isNaN(said)) return;
    const monotonic = this.clock.monotonicMilliseconds();
    this.authenticated = { milliseconds: said, monotonic };
    // A build from the future: it is no lower bound, whoever set the clock of the machine that built it.
    if (this.buildMilliseconds > said + day) this.buildMilliseconds = 0;
    const first = this.floor === 0;
    // Not even the first server may carry the device far into the future, for ever.
    const before = first ? Math.max(this.clock.wallMilliseconds(), this.buildMilliseconds) : this.floor;
    const next = Math.min(said, before + day);
    if (next < this.floor + day) return;
    if (!first && this.movedAt !== null && monotonic - this.movedAt < day) return;
    await this.privileged.commitTrust({ timeFloorMilliseconds: next });
    this.floor = next;
    this.movedAt = monotonic;
  }
}
