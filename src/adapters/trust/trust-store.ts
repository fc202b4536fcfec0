import { SotaError, isSotaError } from '../../domain/errors/sota-error.js';
import type { Logger } from '../../ports/logger.js';
import type { TrustChange, TrustStore, TrustedState } from '../../ports/trust.js';
import {
  keepGenerations,
  listGenerations,
  readGeneration,
  sha256,
  writeGeneration,
  type Generation,
} from './generation-folder.js';
import { emptyGenerationState, printGenerationState, type GenerationState } from './generation-state.js';
import { changedContents, trustedRepository } from './trusted-files.js';

/** Report counters are reserved in blocks, so that most reports write nothing here (design rule 16). */
const reportCounterBlock = 1_000;

export interface TrustStoreOptions {
  /** `<storage.path>/trust`. */
  readonly folder: string;
  /** A second copy on another file system, where the board has one. */
  readonly secondFolder?: string;
  readonly logger: Logger;
}

interface Loaded {
  readonly generation: Generation;
  /** The newest number that any place shows, whole or not: the next one is above it. */
  readonly newestNumber: number;
  /** Where it was read whole or written: only there its files may be linked. */
  readonly wholeIn: ReadonlySet<string>;
}

const nothing: Generation = { number: 0, state: emptyGenerationState, contents: new Map() };

/**
 * The trust folder (design rule 16). One writer: the privileged side. Invariants: what is stored was verified and is
 * kept byte for byte; a generation is whole or isn't there; the former one stays until the next; private keys never.
 */
export class FileTrustStore implements TrustStore {
  private loaded: Loaded | null = null;
  /** The last counter that was handed out; null until the first one, which starts a new block. */
  private reportCounter: number | null = null;
  /** Calls run one after another. */
  private queue: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: TrustStoreOptions) {}

  load(): Promise<TrustedState> {
    return this.inTurn(async () => trustedState((await this.current()).generation));
  }

  commit(change: TrustChange): Promise<TrustedState> {
    return this.inTurn(async () => {
      const { generation } = await this.current();
      const contents = changedContents(generation.contents, change.appendRoots ?? [], change.files ?? []);
      const { state } = generation;
      return trustedState(
        await this.write(contents, {
          ...state,
          timeFloorMilliseconds: change.timeFloorMilliseconds ?? state.timeFloorMilliseconds,
          holds: change.holds ?? state.holds,
          lastConfirmedCommit: change.lastConfirmedCommit ?? state.lastConfirmedCommit,
          firstUse: change.firstUse ?? state.firstUse,
        }),
      );
    });
  }

  nextReportCounter(): Promise<number> {
    return this.inTurn(async () => {
      const { generation } = await this.current();
      const reserved = generation.state.reservedReportCounter;
      const next = (this.reportCounter ?? reserved) + 1;
      if (next > reserved) {
        // Durable before a number of the block is used: after a kill the counter goes on above it.
        await this.write(generation.contents, {
          ...generation.state,
          reservedReportCounter: reserved + reportCounterBlock,
        });
      }
      this.reportCounter = next;
      return next;
    });
  }

  /** The epoch of the newest state file that was in use (design rule 15). */
  stateEpoch(): Promise<number> {
    return this.inTurn(async () => (await this.current()).generation.state.stateEpoch);
  }

  /** Keeps a higher epoch; an equal or lower one changes nothing. */
  keepStateEpoch(epoch: number): Promise<void> {
    return this.inTurn(async () => {
      const { generation } = await this.current();
      if (epoch > generation.state.stateEpoch) {
        await this.write(generation.contents, { ...generation.state, stateEpoch: epoch });
      }
    });
  }

  /** The report counter goes on above this one: for a takeover from another client. */
  raiseReportCounter(used: number): Promise<void> {
    return this.inTurn(async () => {
      const { generation } = await this.current();
      if (used <= generation.state.reservedReportCounter) return;
      await this.write(generation.contents, { ...generation.state, reservedReportCounter: used });
      this.reportCounter = used;
    });
  }

  private inTurn<Value>(action: () => Promise<Value>): Promise<Value> {
    const result = this.queue.then(action);
    this.queue = result.catch(() => undefined);
    return result;
  }

  private places(): readonly string[] {
    const { folder, secondFolder } = this.options;
    return secondFolder === undefined ? [folder] : [folder, secondFolder];
  }

  private async current(): Promise<Loaded> {
    this.loaded ??= await this.read();
    return this.loaded;
  }

  /** The newest whole generation of all places; at equal numbers the first place has precedence. */
  private async read(): Promise<Loaded> {
    const found: { place: string; number: number }[] = [];
    for (const place of this.places()) {
      const numbers = await this.numbersIn(place);
      found.push(...numbers.map((number) => ({ place, number })));
    }
    found.sort((left, right) => right.number - left.number);
    const newestNumber = found[0]?.number ?? 0;
    let lastError: unknown;
    for (const { place, number } of found) {
      try {
        const generation = aboveLost(await readGeneration(place, number), newestNumber);
        return { generation, newestNumber, wholeIn: new Set([place]) };
      } catch (error) {
        lastError = error;
        if (!isSotaError(error) || error.code !== 'STATE_DAMAGED') throw error;
        this.warn(`generation ${number} in ${place} is damaged`, error);
      }
    }
    if (found.length === 0) return { generation: nothing, newestNumber, wholeIn: new Set() };
    throw new SotaError('STATE_DAMAGED', {
      message: `${this.places().join(' and ')}: no generation of trusted metadata is whole`,
      cause: lastError,
    });
  }

  /** The second place may be unmounted: then the first one must do. */
  private async numbersIn(place: string): Promise<readonly number[]> {
    try {
      return await listGenerations(place);
    } catch (error) {
      if (place === this.options.folder) throw error;
      this.warn('the second copy can not be read', error);
      return [];
    }
  }

  private async write(contents: ReadonlyMap<string, Buffer>, wanted: GenerationState): Promise<Generation> {
    const loaded = await this.current();
    const former = loaded.generation;
    const files = new Map([...contents].map(([name, bytes]) => [name, listed(name, bytes, former)]));
    const state = { ...wanted, files };
    if (printGenerationState(state) === printGenerationState(former.state)) return former;
    const next = { number: loaded.newestNumber + 1, state, contents };
    const wholeIn = new Set<string>();
    for (const place of this.places()) {
      if (await this.writeTo(place, next, loaded)) wholeIn.add(place);
      // From now on it is the trusted state, whatever happens to the second copy.
      this.loaded = { generation: next, newestNumber: next.number, wholeIn };
    }
    return next;
  }

  /** @returns false when it is the second place that failed: then the device is only less safe against damage. */
  private async writeTo(place: string, next: Generation, { generation: former, wholeIn }: Loaded): Promise<boolean> {
    try {
      await writeGeneration(place, next, wholeIn.has(place) ? former : null);
      await keepGenerations(place, [next.number, former.number]);
      return true;
    } catch (error) {
      if (place === this.options.folder) {
        // Its number may be taken all the same (a failed fsync after the rename).
        this.loaded = { generation: former, wholeIn, newestNumber: next.number };
        throw error;
      }
      this.warn('the second copy can not be written', error);
      return false;
    }
  }

  private warn(message: string, error: unknown): void {
    const code = isSotaError(error) ? error.code : undefined;
    const reason = error instanceof Error ? error.message : String(error);
    this.options.logger.warning(`trust: ${message}: ${reason}`, { code });
  }
}

/** Unchanged contents aren't hashed again. */
function listed(name: string, bytes: Buffer, former: Generation): { sha256: string; length: number } {
  const known = former.contents.get(name) === bytes ? former.state.files.get(name) : undefined;
  return known ?? { sha256: sha256(bytes), length: bytes.length };
}

/** Each lost generation may have reserved a block of report counters: none of them is used twice. */
function aboveLost(generation: Generation, newestNumber: number): Generation {
  const lost = newestNumber - generation.number;
  if (lost === 0) return generation;
  const reservedReportCounter = generation.state.reservedReportCounter + lost * reportCounterBlock;
  return { ...generation, state: { ...generation.state, reservedReportCounter } };
}

function trustedState({ state, contents }: Generation): TrustedState {
  return {
    director: trustedRepository('director', contents),
    image: trustedRepository('image', contents),
    timeFloorMilliseconds: state.timeFloorMilliseconds,
    holds: state.holds,
    lastConfirmedCommit: state.lastConfirmedCommit,
    firstUse: state.firstUse,
  };
}
