// For development only: never part of what runs on a device.
/** `npm run demo`: the whole product at work on the embedded development backend. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { Laboratory } from '../laboratory/laboratory.js';
import { runBinaryDemo } from './binary-demo.js';
import { runOstreeDemo } from './ostree-demo.js';
import { sabotages, type Sabotage } from './sabotage.js';
import { Story } from './story.js';
import { makeProcesses } from './wire.js';

interface Options {
  readonly json?: boolean;
  readonly binary?: boolean;
  readonly keep?: boolean;
  readonly log?: boolean;
  readonly sabotage?: Sabotage;
}

/** A step that works takes a few seconds; on a busy machine more. A sabotaged one is waited for in vain. */
const patience = { working: 60, sabotaged: 20 };

/** All programs lie beside this one: `dist/<program>/main.js`. */
const programFolder = dirname(__dirname);

async function run(options: Options): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'sota-'));
  const laboratory = await Laboratory.open({
    folder,
    program: (name) => join(programFolder, name, 'main.js'),
    packageManager: options.binary === true ? 'none' : 'ostree',
    processes: makeProcesses(),
    ...(options.log === true ? { onLogLine: (line: string) => process.stderr.write(`  sotad: ${line}\n`) } : {}),
    ...(options.sabotage === 'reboot' ? { device: { rebootCommand: '/bin/false' } } : {}),
  });
  const sabotage = options.sabotage ?? null;
  const demo = {
    laboratory,
    story: new Story(true),
    sabotage,
    stepSeconds: sabotage === null ? patience.working : patience.sabotaged,
  };
  const seen = options.binary === true ? await runBinaryDemo(demo) : await runOstreeDemo(demo);
  const isDone = Object.values(seen).every((value) => value !== false && value !== 0 && value !== null);
  if (options.keep === true) await keep(laboratory, demo.story);
  else await laboratory.close();
  demo.story.tell(isDone ? 'done: everything was observed' : 'FAILED: not everything was observed');
  process.stdout.write(options.json === true ? `${JSON.stringify(seen)}\n` : `${describe(seen)}\n`);
  return isDone;
}

async function keep(laboratory: Laboratory, story: Story): Promise<void> {
  await laboratory.stop();
  const { folder } = laboratory.options;
  story.tell(`kept in ${folder}; look at it with`);
  story.quote(
    [
      `less ${folder}/d/sota.toml                      # the configuration`,
      `ostree admin status --sysroot=${folder}/d/sysroot`,
      `cat ${folder}/d/sysroot/boot/loader/uEnv.txt`,
      `npm run backend -- --state ${folder}/backend serve   # then: devices, assign, fault`,
    ].join('\n'),
  );
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
    .addHelpText('after', '\nExit codes: 0 everything was observed, 1 something was not, 2 wrong usage.')
    .exitOverride();
  try {
    command.parse(words, { from: 'user' });
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
