// For development only: never part of what runs on a device.
import { InvalidArgumentError, Option, type Command } from 'commander';
import { requireLoopback, runBackend } from '../serve.js';
import { settle } from '../wire.js';
import type { RoleName } from '../settings.js';

interface ServeOptions {
  readonly state: string;
  readonly address: string;
  readonly port: number;
  readonly operatorPort: number;
  readonly hostname?: string;
  readonly keyType: 'ed25519' | 'rsa';
  readonly allowEcuReplacement?: boolean;
  readonly iKnowThisIsInsecure?: boolean;
  readonly rootExpiresIn?: number;
  readonly targetsExpireIn?: number;
  readonly snapshotExpiresIn?: number;
  readonly timestampExpiresIn?: number;
}

export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .description(
      'run the backend until SIGTERM or SIGINT; when it is ready, one line of JSON on standard output says where it is',
    )
    .option('--address <address>', 'listen here', '127.0.0.1')
    .option('--port <port>', 'of the device gateway; 0 takes the last one or any', number(0, 65_535), 30_443)
    .option('--operator-port <port>', 'of the operator API', number(0, 65_535), 30_080)
    .option('--hostname <name>', "host in the gateway's URL and certificate (default: the address)")
    .addOption(new Option('--key-type <type>', 'of new metadata keys').choices(['ed25519', 'rsa']).default('ed25519'))
    .option('--allow-ecu-replacement', 'a device may register other ECUs later')
    .option('--root-expires-in <seconds>', 'life of new root metadata', number(1, 4e9))
    .option('--targets-expire-in <seconds>', 'life of new targets metadata', number(1, 4e9))
    .option('--snapshot-expires-in <seconds>', 'life of new snapshot metadata', number(1, 4e9))
    .option('--timestamp-expires-in <seconds>', 'life of new timestamp metadata', number(1, 4e9))
    .option('--i-know-this-is-insecure', 'allow an address that others can reach')
    .action(async (_options, command: Command) => serve(command.optsWithGlobals<ServeOptions>()));
}

async function serve(options: ServeOptions): Promise<void> {
  requireLoopback(options.address, options.iKnowThisIsInsecure === true);
  const lifetimes: readonly (readonly [RoleName, number | undefined])[] = [
    ['root', options.rootExpiresIn],
    ['targets', options.targetsExpireIn],
    ['snapshot', options.snapshotExpiresIn],
    ['timestamp', options.timestampExpiresIn],
  ];
  const running = await runBackend(
    settle({
      folder: options.state,
      address: options.address,
      gatewayPort: options.port,
      operatorPort: options.operatorPort,
      hostname: options.hostname ?? options.address,
      keyType: options.keyType,
      allowEcuReplacement: options.allowEcuReplacement === true,
      expiries: Object.fromEntries(lifetimes.filter(([, seconds]) => seconds !== undefined)),
    }),
  );
  process.stdout.write(`${JSON.stringify(running.address)}\n`);
  const signal = await new Promise<string>((resolve) => {
    process.once('SIGTERM', resolve);
    process.once('SIGINT', resolve);
  });
  running.backend.settings.log(`${signal}: stopping`);
  await running.stop();
}

/** A whole number of an option. */
export function number(minimum: number, maximum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^[0-9]+$/.test(text) || value < minimum || value > maximum) {
      throw new InvalidArgumentError(`It must be a whole number from ${minimum} to ${maximum}.`);
    }
    return value;
  };
}
