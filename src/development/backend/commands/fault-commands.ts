// For development only: never part of what runs on a device.
import { Argument, Option, type Command } from 'commander';
import { faultKinds } from '../faults/read-rule.js';
import type { FaultRule } from '../faults/rule.js';
import { roleNames } from '../settings.js';
import { OperatorClient } from './operator-client.js';
import { show, type GlobalOptions } from './output.js';
import { number } from './serve-command.js';

type ListedFault = FaultRule & { readonly fired?: number };

/** Options that tell which requests a fault meets; all others belong to what it does. */
const matchNames = ['method', 'path', 'device', 'nth', 'times'] as const;
const actionNames = [
  'atByte',
  'seconds',
  'bytesPerSecond',
  'milliseconds',
  'status',
  'retryAfterSeconds',
  'bytes',
  'location',
  'repository',
  'role',
  'field',
] as const;

export function addFaultCommands(program: Command): void {
  const fault = program.command('fault').description('let something go wrong on purpose');
  const large = number(0, 2 ** 40);
  fault
    .command('add')
    .description(`kinds: ${faultKinds.join(', ')}`)
    .addArgument(new Argument('<kind>', 'what goes wrong').choices(faultKinds))
    .option('--method <method>', 'only these requests')
    .option('--path <expression>', 'only paths that match this regular expression')
    .option('--device <uuid>', 'only this device')
    .option('--nth <number>', 'only the nth matching request', number(1, 1e6))
    .option('--times <number>', 'only so many times', number(1, 1e6))
    .option('--at-byte <offset>', 'stall, wrongBytes, truncate', large)
    .option('--seconds <number>', 'how long a stall lasts (default: for ever)', large)
    .option('--bytes-per-second <number>', 'throttle', large)
    .option('--milliseconds <number>', 'latency', large)
    .option('--status <status>', 'status, html, redirect', number(200, 599))
    .option('--retry-after-seconds <number>', 'status', large)
    .option('--bytes <number>', 'oversize: length of the answer', large)
    .option('--location <url>', 'redirect')
    .addOption(new Option('--repository <name>', 'expired, badSignature').choices(['director', 'image']))
    .addOption(new Option('--role <name>', 'expired, badSignature, mixAndMatch').choices(roleNames))
    .addOption(new Option('--field <name>', 'disagree').choices(['hash', 'length', 'hardwareId']))
    .action(async (kind: string, _options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & Readonly<Record<string, unknown>>>();
      const pick = (names: readonly string[]) =>
        Object.fromEntries(names.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]));
      const rule = { match: pick(matchNames), action: { kind, ...pick(actionNames) } };
      const client = OperatorClient.ofState(options.state);
      const made = (await client.call('POST', '/faults', rule)) as FaultRule;
      show(options, made, [faultLine(made)]);
    });
  fault
    .command('list')
    .description('faults in force, and how often each struck')
    .action(async (_options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const faults = (await OperatorClient.ofState(options.state).call('GET', '/faults')) as readonly ListedFault[];
      show(options, faults, faults.length === 0 ? ['no fault'] : faults.map(faultLine));
    });
  fault
    .command('clear')
    .description('end one fault, or all')
    .argument('[id]', 'of the fault')
    .action(async (id: string | undefined, _options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const path = id === undefined ? '/faults' : `/faults/${encodeURIComponent(id)}`;
      const result = await OperatorClient.ofState(options.state).call('DELETE', path);
      show(options, result, ['cleared']);
    });
}

function faultLine(fault: ListedFault): string {
  const fired = fault.fired === undefined ? '' : `, struck ${fault.fired} times`;
  return `${fault.id}  ${JSON.stringify(fault.action)} for ${JSON.stringify(fault.match)}${fired}`;
}
