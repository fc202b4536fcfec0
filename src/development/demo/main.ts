// For development only: never part of what runs on a device.
/** `npm run demo`: the whole product at work on the embedded development backend. */
import { cp, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { Laboratory } from '../laboratory/laboratory.js';
import { runBinaryDemo } from './binary-demo.js';
import { waysToLook } from './kept.js';
import { runOstreeDemo } from './ostree-demo.js';
import { binarySabotages, sabotagedConfiguration, sabotages, type Sabotage } from './sabotage.js';
import { Story } from './story.js';
import { makeProcesses } from './wire.js';

interface Options {
  readonly json?: boolean;
  readonly binary?: boolean;
  readonly keep?: boolean;
  readonly log?: boolean;
  readonly sabotage?: Sabotage;
}

/** A step takes a second or two; on a slow or busy machine more. */
const stepSeconds = 60;
const shownLogLines = 20;

/** All programs lie beside this one: `dist/<program>/main.js`. */
const builtPrograms = dirname(__dirname);

/** @returns whether everything was observed. */
async function run(options: Options): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'sota-'));
  // What ships runs: a copy with no node_modules above it.
  await cp(builtPrograms, join(folder, 'programs'), { recursive: true });
  const program = (name: string): string => join(folder, 'programs', name, 'main.js');
  const sabotage = options.sabotage ?? null;
  const laboratory = await Laboratory.open({
    folder,
    program,
    packageManager: options.binary === true ? 'none' : 'ostree',
    processes: makeProcesses(),
    ...(options.log === true ? { onLogLine: (line: string) => process.stderr.write(`  sotad: ${line}\n`) } : {}),
    device: sabotagedConfiguration(sabotage, folder),
  });
  removeWhenInterrupted(laboratory);
  const story = new Story(true);
  const demo = { laboratory, story, sabotage, stepSeconds };
  const seen = options.binary === true ? await runBinaryDemo(demo) : await runOstreeDemo(demo);
  const isDone = Object.values(seen).every((value) => value !== false && value !== 0 && value !== null);
  if (!isDone && sabotage === null) story.quote(laboratory.device.log.slice(-shownLogLines).join('\n'));
  if (options.keep === true) {
    await laboratory.stop();
    story.tell(`kept in ${folder}; look at it with`);
    story.quote(waysToLook(folder, program, options.binary === true ? 'none' : 'ostree'));
  } else {
    await laboratory.close();
  }
  story.tell(isDone ? 'done: everything was observed' : 'FAILED: not everything was observed');
  process.stdout.write(options.json === true ? `${JSON.stringify(seen)}\n` : `${describe(seen)}\n`);
  return isDone;
}

/** Nothing is left behind when somebody loses patience. */
function removeWhenInterrupted(laboratory: Laboratory): void {
  for (const [signal, exitCode] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.once(signal, () => {
      laboratory.close().then(
        () => process.exit(exitCode),
        (error: unknown) => {
          process.stderr.write(`demo: ${String(error)}\n`);
          process.exit(exitCode);
        },
      );
    });
  }
}

function describe(seen: object): string {
  return Object.entries(seen)
    .map(([name, value]) => `${name.padEnd(18)} ${String(value)}`)
    .join('\n');
}

async function main(words: readonly string[]): Promise<number> {
  const command = new Command('npm run demo --')
    .description('For development: a device provisions itself, updates itself through real OSTree, and proves it.')
    .option('--json', 'print what was observed as one JSON object, on the last line')
    .option('--binary', 'a file for a target instead of an operating system')
    .option('--keep', 'leave everything for looking, and print how')
    .option('--log', "show sotad's own log in between")
    .addOption(new Option('--sabotage <step>', 'break one thing from outside').choices(sabotages))
    .addHelpText(
      'after',
      '\nThe story goes to standard error, what was observed to standard output.' +
        '\nExit codes: 0 everything was observed, 1 something was not, 2 wrong usage.',
    )
    .exitOverride();
  try {
    command.parse(words, { from: 'user' });
    const { binary, sabotage } = command.opts<Options>();
    if (binary === true && sabotage !== undefined && !binarySabotages.includes(sabotage)) {
      command.error(`error: with --binary there is no ${sabotage}; break one of ${binarySabotages.join(', ')}`);
    }
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
  return (await run(command.opts<Options>())) ? 0 : 1;
}

main(process.argv.slice(2)).then(
  (exitCode) => {
    process.exitCode = exitCode;
  },
  (error: unknown) => {
    process.stderr.write(`demo: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  },
);
