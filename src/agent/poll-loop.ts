/**
 * When to poll. The loop outlives every failure of a poll; it ends only when it is told to.
 * Invariant: one poll at a time; who asks for one while another runs gets the next.
 */
import { backoffSeconds, type BackoffPolicy } from '../domain/policy/backoff.js';
import { firstPollDelaySeconds, pollDelaySeconds } from '../domain/policy/poll-schedule.js';
import type { UpdateRecord } from '../domain/update/record.js';
import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import type { Random } from '../ports/random.js';
import { asSotaError, shownError, type ShownError } from './failure.js';
import type { Patience } from './observed-http.js';
import type { Activity, Vitality } from './vitality.js';

/** Without an answer for so long a poll stands still: each of its requests has a much shorter deadline. */
const pollLimitSeconds = 15 * 60;

export interface PollOutcome {
  /** Wall clock at its end, milliseconds since the epoch. */
  readonly atMilliseconds: number;
  readonly text: string;
  /** null when it succeeded. */
  readonly error: ShownError | null;
}

export interface PollLoopParts {
  readonly poll: () => Promise<string>;
  /** What servers ask for while a poll runs; forgotten before each. */
  readonly patience: Patience;
  readonly intervalSeconds: number;
  readonly jitterPercent: number;
  readonly firstPollMaximumSeconds: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly vitality: Vitality;
  readonly onPolled: (outcome: PollOutcome) => void;
}

export class PollLoop {
  private readonly parts: PollLoopParts;
  private failures = 0;
  private newest: PollOutcome | null = null;
  private wakeUp = new AbortController();
  private waiting: ((outcome: PollOutcome) => void)[] = [];
  private retryAt = 0;
  private dueAt: number | null = null;
  /** Somebody wants a poll after the one that runs. */
  private isWoken = false;
  /** The delay has to be worked out anew. */
  private isRescheduled = false;
  private activity: Activity | null = null;

  constructor(parts: PollLoopParts) {
    this.parts = parts;
  }

  get lastOutcome(): PollOutcome | null {
    return this.newest;
  }

  /** Wall clock of the next poll; null while one runs. */
  get nextPollMilliseconds(): number | null {
    return this.dueAt;
  }

  /** May a failed attempt be tried again (its backoff is over)? */
  isRetryDue(): boolean {
    return this.parts.clock.monotonicMilliseconds() >= this.retryAt;
  }

  /** Wall clock of the next try of a failed attempt; null when none waits. */
  get retryMilliseconds(): number | null {
    const { clock } = this.parts;
    const left = this.retryAt - clock.monotonicMilliseconds();
    return left > 0 ? clock.wallMilliseconds() + left : null;
  }

  /** A failed attempt waits, then a poll of its own tries it again. */
  scheduleRetry(record: UpdateRecord): void {
    if (record.state !== 'retrying') return;
    const { clock, random } = this.parts;
    const { failures } = record.attempt;
    const seconds = failures === 0 ? 0 : backoffSeconds(this.policy(), failures, random.fraction());
    this.retryAt = clock.monotonicMilliseconds() + seconds * 1000;
    if (failures === 0) {
      this.wakeSoon();
    } else {
      this.isRescheduled = true;
      this.wakeUp.abort();
    }
  }

  /** The running poll moved. */
  sign(): void {
    this.activity?.sign();
  }

  /** Polls now; resolves with the outcome. */
  request(): Promise<PollOutcome> {
    return new Promise((resolve) => {
      this.waiting.push(resolve);
      this.wakeUp.abort();
    });
  }

  /** Like `request`, and a failed attempt is tried again at once, whatever its backoff. */
  requestNow(): Promise<PollOutcome> {
    this.retryAt = 0;
    return this.request();
  }

  /** Polls as soon as nothing else is polled; a poll that runs already may have looked too early. */
  wakeSoon(): void {
    this.isWoken = true;
    this.wakeUp.abort();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { intervalSeconds, firstPollMaximumSeconds, random } = this.parts;
    const first = firstPollDelaySeconds(intervalSeconds, firstPollMaximumSeconds, random.fraction());
    await this.wait(() => first, signal);
    while (!signal.aborted) {
      const asked = this.waiting;
      this.waiting = [];
      this.isWoken = false;
      const outcome = await this.pollOnce();
      this.newest = outcome;
      for (const resolve of asked) resolve(outcome);
      this.parts.onPolled(outcome);
      await this.wait(() => this.delaySeconds(), signal);
    }
  }

  /** Until the delay is over or a poll is wanted; a rescheduling on the way only works the delay out anew. */
  private async wait(delaySeconds: () => number, signal: AbortSignal): Promise<void> {
    this.takeRescheduling();
    await this.sleep(delaySeconds(), signal);
    while (this.takeRescheduling() && !this.isDue() && !signal.aborted) await this.sleep(delaySeconds(), signal);
  }

  private takeRescheduling(): boolean {
    const wasRescheduled = this.isRescheduled;
    this.isRescheduled = false;
    return wasRescheduled;
  }

  private isDue(): boolean {
    return this.isWoken || this.waiting.length > 0;
  }

  private async pollOnce(): Promise<PollOutcome> {
    const { poll, clock, logger, vitality, patience } = this.parts;
    patience.forget();
    const activity = vitality.begin('poll', pollLimitSeconds);
    this.activity = activity;
    try {
      const text = await poll();
      if (this.failures > 0) logger.info('poll: the server answers again');
      this.failures = 0;
      return { atMilliseconds: clock.wallMilliseconds(), text, error: null };
    } catch (error) {
      this.failures += 1;
      const known = asSotaError(error);
      logger.warning(`poll: ${known.message}`, { code: known.code });
      return { atMilliseconds: clock.wallMilliseconds(), text: known.message, error: shownError(error) };
    } finally {
      activity.end();
      this.activity = null;
    }
  }

  /** Rarely more than four intervals, so that a server's bad hour doesn't keep a fleet away for a day. */
  private policy(): BackoffPolicy {
    const { intervalSeconds } = this.parts;
    return { firstSeconds: Math.min(10, intervalSeconds), capSeconds: Math.max(4 * intervalSeconds, 4) };
  }

  private delaySeconds(): number {
    const { intervalSeconds, jitterPercent, random, clock } = this.parts;
    const regular = pollDelaySeconds(intervalSeconds, jitterPercent, random.fraction());
    // A server that is in trouble is left alone, whatever waits for the next poll.
    if (this.failures > 0) {
      return backoffSeconds(this.policy(), this.failures, random.fraction(), this.parts.patience.retryAfterSeconds);
    }
    const untilRetry = (this.retryAt - clock.monotonicMilliseconds()) / 1000;
    return untilRetry > 0 ? Math.min(regular, untilRetry) : regular;
  }

  private async sleep(seconds: number, signal: AbortSignal): Promise<void> {
    if (this.isDue() || signal.aborted) return;
    const { clock } = this.parts;
    this.wakeUp = new AbortController();
    this.dueAt = clock.wallMilliseconds() + seconds * 1000;
    await clock.sleep(seconds * 1000, AbortSignal.any([signal, this.wakeUp.signal]));
    this.dueAt = null;
  }
}
