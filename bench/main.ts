/** `npm run bench -- NAME`: measures the product beside what it is compared with, on this machine. */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Argument, Command, CommanderError, InvalidArgumentError } from 'commander';
import { resultOf, type Benchmark } from './benchmark.js';
import { idleBenchmark } from './idle.js';
import { pullBenchmark } from './pull.js';
import { makeProcesses } from './wire.js';

const benchmarks: readonly Benchmark[] = [pullBenchmark, idleBenchmark];

interface Options {
  readonly json?: boolean;
  readonly list?: boolean;
  readonly runs?: number;
}

/** All programs lie beside this one: `dist/<program>/main.js`. */
const builtPrograms = dirname(__dirname);

async function run(benchmark: Benchmark, options: Options): Promise<void> {
  const tell = (text: string): void => void process.stderr.write(`${benchmark.name}: ${text}\n`);
  const folder = await mkdtemp(join(tmpdir(), 'sota-'));
  try {
    // A copy without node_modules above it: what is measured is what ships.
    const programs = join(folder, 'programs');
    await cp(builtPrograms, programs, { recursive: true });
    tell(`${benchmark.title}; ${options.runs ?? benchmark.defaultRuns} runs`);
    const measured = await benchmark.measure({
      ...{ folder, processes: makeProcesses(), runs: options.runs ?? benchmark.defaultRuns, tell },
      program: (name) => join(programs, name, 'main.js'),
    });
    const result = resultOf(benchmark, measured);
    const { ours, peer, ratio, unit, details } = result;
    const lines = [`ours ${ours} ${unit}, peer ${peer} ${unit}, ratio ${ratio}`, JSON.stringify(details, null, 1)];
    process.stdout.write(`${options.json === true ? JSON.stringify(result) : lines.join('\n')}\n`);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function parseRuns(text: string): number {
  if (/^[1-9][0-9]?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('a number from 1 to 99 is wanted.');
}

async function main(words: readonly string[]): Promise<number> {
  const command = new Command('npm run bench --')
    .description('Measures the product beside what it is compared with, in turns, and prints the medians.')
    .addArgument(new Argument('[name]', 'of a benchmark').choices(benchmarks.map(({ name }) => name)))
    .option('--list', 'print the names and what they measure')
    .option('--json', 'print the result as one JSON object, on the last line')
    .option('--runs <number>', 'how often both sides are measured', parseRuns)
    .addHelpText('after', '\nExit codes: 0 measured, 1 something went wrong, 2 wrong usage.')
    .exitOverride();
  try {
    command.parse(words, { from: 'user' });
    const options = command.opts<Options>();
    if (options.list === true) {
      const lines = benchmarks.map(({ name, title, unit }) => `${name.padEnd(8)} ${title} (${unit})`);
      process.stdout.write(`${lines.join('\n')}\n`);
      return 0;
    }
    const benchmark = benchmarks.find(({ name }) => name === command.args[0]);
    if (benchmark === undefined) command.error('error: name a benchmark; --list shows them');
    else await run(benchmark, options);
    return 0;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
}

main(process.argv.slice(2)).then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  },
);
