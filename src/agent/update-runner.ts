/**
 * Carries the one update through: reduces an event, makes the next record durable, then runs its effect.
 * Invariants: one effect at a time; an effect runs only after its record is durable (design rule 2); an effect that
 * was given up is aborted and has ended before the next begins; nothing that an effect throws leaves this class.
 */
import { SotaError } from '../domain/errors/sota-error.js';
import type { BootFacts, UpdateEvent } from '../domain/update/events.js';
import { effectOf, reduce, type EffectName } from '../domain/update/machine.js';
import { parseRecord, printRecord } from '../domain/update/record-format.js';
import { attemptOf, idleRecord, type UpdateRecord } from '../domain/update/record.js';
import { backoffSeconds, type BackoffPolicy } from '../domain/policy/backoff.js';
import type { Clock } from '../ports/clock.js';
import type { StateStore } from '../ports/journal.js';
import type { Logger } from '../ports/logger.js';
import type { Random } from '../ports/random.js';
import { shownError, type ShownError } from './failure.js';
import type { Activity, Vitality } from './vitality.js';

/** What an effect came to: an event, and what must become durable together with the next record. */
export interface EffectResult {
  readonly event: UpdateEvent;
  readonly alongside?: () => void;
}

/** Runs the effect of a record; null when there is nothing to say yet. Must end soon after the abort. */
export type Effect<State extends UpdateRecord = UpdateRecord> = (
  record: State,
  signal: AbortSignal,
) => Promise<EffectResult | null>;

export type Effects = Readonly<Record<Exclude<EffectName, 'none'>, Effect>>;

export interface UpdateRunnerParts {
  readonly state: StateStore;
  readonly effects: Effects;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly backoff: BackoffPolicy;
  readonly vitality: Vitality;
  /** How long each effect may go without a sign of life, seconds. */
  readonly stallLimitSeconds: Readonly<Record<keyof Effects, number>>;
  /** After each change of the record. */
  readonly onChange: (record: UpdateRecord) => void;
  /** An effect could not even say what came of it, such as when the journal can't be written. */
  readonly onTrouble?: () => void;
}

/** What keeps the update from going on, while it does. */
export type Trouble = ShownError & {
  /** Wall clock, milliseconds since the epoch. */
  readonly atMilliseconds: number;
};

const startAgainMilliseconds = 5000;

interface Running {
  readonly controller: AbortController;
  readonly done: Promise<void>;
}

export class UpdateRunner {
  private readonly parts: UpdateRunnerParts;
  private current: UpdateRecord = idleRecord;
  private running: Running | null = null;
  private isStopping = false;
  private isWaiting = true;
  private activity: Activity | null = null;
  private newestTrouble: Trouble | null = null;

  constructor(parts: UpdateRunnerParts) {
    this.parts = parts;
  }

  get record(): UpdateRecord {
    return this.current;
  }

  /** No facts yet: the record is not known, and no event is taken. */
  get isWaitingForFacts(): boolean {
    return this.isWaiting;
  }

  /** null as long as everything goes on. */
  get trouble(): Trouble | null {
    return this.newestTrouble;
  }

  /** Loads the journal, lets the facts decide, and runs what is due. Waits where the state can't be written yet. */
  async start(facts: BootFacts, signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.parts;
    while (!signal.aborted) {
      try {
        this.current = this.load();
        this.take({ name: 'Booted', facts });
        this.isWaiting = false;
        this.runEffect();
        return;
      } catch (error) {
        const { code, message } = this.meetTrouble(error);
        logger.error(`${message}; trying again soon`, { code });
        await clock.sleep(startAgainMilliseconds, signal);
      }
    }
  }

  /**
   * Takes an event; whatever it changes is durable when this returns.
   * A write that fails leaves the record as it was: the effect's result is lost, its work is repeatable.
   */
  dispatch(event: UpdateEvent, alongside?: () => void): void {
    if (this.isStopping || this.isWaiting) return;
    this.take(event, alongside);
  }

  private take(event: UpdateEvent, alongside?: () => void): void {
    const next = reduce(this.current, event);
    if (next === this.current) return;
    this.parts.state.transaction(() => {
      alongside?.();
      this.parts.state.journal.write(printRecord(next));
    });
    this.newestTrouble = null;
    const previous = this.current;
    this.current = next;
    this.parts.logger.info(`update: ${previous.state} -> ${next.state}`, {
      correlationId: attemptOf(next)?.correlationId ?? attemptOf(previous)?.correlationId ?? undefined,
      event: event.name,
    });
    this.parts.onChange(next);
    this.replaceEffect();
  }

  /** The running effect moved. */
  sign(): void {
    this.activity?.sign();
  }

  /** Aborts what can be aborted and resolves when nothing runs any more. No event is taken afterwards. */
  async stop(): Promise<void> {
    this.isStopping = true;
    this.running?.controller.abort();
    await this.running?.done;
  }

  private load(): UpdateRecord {
    const line = this.parts.state.journal.load();
    if (line === null) return idleRecord;
    const record = parseRecord(line);
    if (record.ok) return record.value;
    const error = new SotaError('STATE_DAMAGED', { message: `the journal's newest record: ${record.error}` });
    this.parts.logger.error(`${error.message}; going on without it`, { code: error.code });
    return idleRecord;
  }

  private replaceEffect(): void {
    const before = this.running;
    before?.controller.abort();
    if (before === null) this.runEffect();
    else void before.done.then(() => this.runEffect());
  }

  private runEffect(): void {
    const name = effectOf(this.current);
    if (this.running !== null || this.isStopping || name === 'none') return;
    const controller = new AbortController();
    const record = this.current;
    const done = this.perform(name, record, controller.signal).finally(() => {
      this.running = null;
    });
    this.running = { controller, done };
  }

  private async perform(name: keyof Effects, record: UpdateRecord, signal: AbortSignal): Promise<void> {
    // Away from the caller's stack, so that `running` is set before anything is dispatched.
    await this.parts.clock.sleep(this.waitBefore(record) * 1000, signal);
    const isGivenUp = (): boolean => signal.aborted;
    for (let failures = 1; !isGivenUp(); failures += 1) {
      // A wait between two tries is no standstill.
      const activity = this.parts.vitality.begin(name, this.parts.stallLimitSeconds[name]);
      this.activity = activity;
      try {
        const result = await this.parts.effects[name](record, signal);
        // The result of an effect that was given up in the meantime means nothing.
        if (result !== null && this.current === record) this.dispatch(result.event, result.alongside);
        this.newestTrouble = null;
        return;
      } catch (error) {
        // What an effect that was given up says means nothing.
        if (isGivenUp()) return;
        activity.end();
        const { code, message } = this.meetTrouble(error);
        this.parts.logger.error(`${name}: ${message}`, { code });
        const { backoff, random, clock } = this.parts;
        await clock.sleep(backoffSeconds(backoff, failures, random.fraction()) * 1000, signal);
      } finally {
        activity.end();
      }
    }
  }

  private meetTrouble(error: unknown): Trouble {
    const trouble = { ...shownError(error), atMilliseconds: this.parts.clock.wallMilliseconds() };
    this.newestTrouble = trouble;
    this.parts.onTrouble?.();
    return trouble;
  }

  /** States that are tried again by themselves wait first; a new download waits for its poll instead. */
  private waitBefore(record: UpdateRecord): number {
    const waits = record.state === 'confirming' || record.state === 'undoing' || record.state === 'awaitingReboot';
    if (!waits || record.attempt.failures === 0 || record.attempt.lastError === null) return 0;
    return backoffSeconds(this.parts.backoff, record.attempt.failures, this.parts.random.fraction());
  }
}
