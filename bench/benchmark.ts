import type { Processes } from '../src/ports/processes.js';

/** What a benchmark works with. */
export interface BenchmarkContext {
  /** Exists; removed afterwards. Short: socket paths are limited to 107 bytes. */
  readonly folder: string;
  /** `main.js` of a bundled program, in a folder without node_modules. */
  readonly program: (name: string) => string;
  readonly processes: Processes;
  /** How often both sides are measured. */
  readonly runs: number;
  /** Tells people what happens. */
  readonly tell: (text: string) => void;
}

/** One number of ours beside that of what it is compared with, both measured in turns. */
export interface Measured {
  readonly ours: readonly number[];
  readonly peer: readonly number[];
  readonly details: Readonly<Record<string, unknown>>;
}

export interface Benchmark {
  readonly name: string;
  /** What is compared with what, in a sentence. */
  readonly title: string;
  readonly unit: string;
  readonly defaultRuns: number;
  readonly measure: (context: BenchmarkContext) => Promise<Measured>;
}

/** The last line with `--json`. */
export interface BenchmarkResult {
  readonly name: string;
  readonly unit: string;
  /** Medians. */
  readonly ours: number;
  readonly peer: number;
  readonly ratio: number;
  readonly runs: number;
  readonly details: Readonly<Record<string, unknown>>;
}

/** The middle value; of an even number the mean of the two in the middle. @throws RangeError when there is none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((one, other) => one - other);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  if (upper === undefined || lower === undefined) throw new RangeError('no value was measured');
  return (upper + lower) / 2;
}

const digits = 3;

/** As many decimals as are worth reading. */
export function rounded(value: number): number {
  return Number(value.toFixed(digits));
}

export function resultOf(benchmark: Benchmark, measured: Measured): BenchmarkResult {
  const ours = median(measured.ours);
  const peer = median(measured.peer);
  return {
    name: benchmark.name,
    unit: benchmark.unit,
    ours: rounded(ours),
    peer: rounded(peer),
    ratio: rounded(ours / peer),
    runs: measured.ours.length,
    details: {
      oursAll: measured.ours.map(rounded),
      peerAll: measured.peer.map(rounded),
      ...measured.details,
    },
  };
}
