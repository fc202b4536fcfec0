import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { isatty } from 'node:tty';
import { ConfigurationLoader } from '../../adapters/configuration/load-configuration.js';
import { ControlClient } from '../../adapters/control/control-client.js';
import { SharedCredentialReader } from '../../adapters/credentials/shared-credential-reader.js';
import { NodeFiles } from '../../adapters/files/node-files.js';
import { SotaError } from '../../domain/errors/sota-error.js';
import type { GlobalOptions, LeftStatus, SotactlParts } from './parts.js';

/** Set by the build. */
declare const SOTAD_VERSION: string | undefined;

/** The parts of the real sotactl: this machine's files, sockets and terminal. */
export function wireSotactl(): SotactlParts {
  const credentials = new SharedCredentialReader(new NodeFiles(), refusePkcs12);
  const configuration = new ConfigurationLoader({
    hostname: hostname(),
    readGatewayUrl: (archivePath) => credentials.readGatewayUrl(archivePath),
  });
  const load = (options: GlobalOptions) => configuration.load({ paths: options.config ?? [] });
  const isTerminal = isatty(1);
  endQuietlyWhenNobodyReads();
  return {
    version: typeof SOTAD_VERSION === 'undefined' ? 'development' : SOTAD_VERSION,
    connect: async (options) => {
      const folder = options.socketFolder ?? (await load(options)).configuration.control.socketFolder;
      return new ControlClient({ folder });
    },
    loadConfiguration: load,
    leftStatus: async (options) => {
      const { control, paths, storage } = (await load(options)).configuration;
      const folders = [options.socketFolder ?? control.socketFolder, paths.runtime, storage.path];
      return firstReadable(folders.map((folder) => join(folder, 'status.json')));
    },
    now: () => `${new Date().toISOString().slice(0, 19)}Z`,
    catchInterrupt,
    terminal: {
      width: isTerminal ? process.stdout.columns : 100,
      color: isTerminal && process.env['NO_COLOR'] === undefined,
      isTerminal,
    },
    print: (text) => process.stdout.write(text),
    warn: (text) => process.stderr.write(text),
  };
}

/** sotactl reads one URL out of the archive and never touches the credential beside it. */
function refusePkcs12(): never {
  throw new SotaError('CREDENTIALS_INVALID', { message: 'sotactl opens no credentials' });
}

function firstReadable(paths: readonly string[]): LeftStatus | null {
  for (const path of paths) {
    try {
      return { path, text: readFileSync(path, 'utf8') };
    } catch {
      // Absent, or not for this user: the next place may have one.
      continue;
    }
  }
  return null;
}

function catchInterrupt(): AbortSignal {
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort());
  return controller.signal;
}

/** `sotactl history | head` is no failure. */
function endQuietlyWhenNobodyReads(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') {
      throw error;
    }
    process.exit(0);
  });
}
