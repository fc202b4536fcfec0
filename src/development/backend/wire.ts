// For development only: never part of what runs on a device.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { defaultLifetimes, type BackendSettings, type RoleLifetimes } from './settings.js';

/** What a caller may choose; everything else has its default. */
export type BackendChoices = Partial<Omit<BackendSettings, 'expiries'>> & {
  readonly folder: string;
  readonly expiries?: Partial<RoleLifetimes>;
};

/** Puts the settings together: the system clock, standard error, loopback. */
export function settle(choices: BackendChoices): BackendSettings {
  return {
    address: '127.0.0.1',
    gatewayPort: 0,
    operatorPort: 0,
    hostname: '127.0.0.1',
    keyType: 'ed25519',
    allowEcuReplacement: false,
    now: () => Date.now(),
    log: (line) => void process.stderr.write(`${new Date().toISOString()} backend: ${line}\n`),
    ...choices,
    folder: resolve(choices.folder),
    expiries: { ...defaultLifetimes, ...choices.expiries },
  };
}

/** Where the state lies when nobody says otherwise. */
export function defaultStateFolder(): string {
  return join(process.env['XDG_STATE_HOME'] ?? join(homedir(), '.local', 'state'), 'sotad-development-backend');
}
