import { hostname } from 'node:os';
import { join } from 'node:path';
import { isSotaError, SotaError } from '../../domain/errors/sota-error.js';
import type { DeviceFacts, NetworkFacts } from '../../ports/device-facts.js';
import type { Files } from '../../ports/files.js';
import type { Processes } from '../../ports/processes.js';
import { addressesOf, defaultRouteInterface } from './default-route.js';
import { parsePackageList } from './package-list.js';

const routeTableLimitBytes = 1024 * 1024;
const packageListLimitBytes = 8 * 1024 * 1024;
const hardwareLimitBytes = 4 * 1024 * 1024;
const hardwareTimeoutSeconds = 120;

export interface DeviceInformationOptions {
  /** From pacman.packages_file; null when none is configured. */
  readonly packagesFile: string | null;
  /** Default `/proc`. */
  readonly procFolder?: string;
}

/** What a Linux device tells about itself (aktualizr.md 3.5). */
export class DeviceInformation implements DeviceFacts {
  readonly #files: Files;
  readonly #processes: Processes;
  readonly #options: DeviceInformationOptions;

  constructor(files: Files, processes: Processes, options: DeviceInformationOptions) {
    this.#files = files;
    this.#processes = processes;
    this.#options = options;
  }

  hostname(): Promise<string> {
    return Promise.resolve(hostname());
  }

  async network(): Promise<NetworkFacts | null> {
    const path = join(this.#options.procFolder ?? '/proc', 'net', 'route');
    const table = await this.#files.read(path, routeTableLimitBytes);
    const name = table === null ? null : defaultRouteInterface(table.toString('latin1'));
    const addresses = name === null ? null : addressesOf(name);
    return addresses === null ? null : { hostname: hostname(), ...addresses };
  }

  /** @throws SotaError PROCESS_FAILED when lshw fails or tells no JSON. */
  async hardware(): Promise<string | null> {
    try {
      const outcome = await this.#processes.run({
        file: 'lshw',
        arguments: ['-json'],
        timeoutSeconds: hardwareTimeoutSeconds,
        outputLimitBytes: hardwareLimitBytes,
      });
      if (outcome.exitCode !== 0) {
        throw new SotaError('PROCESS_FAILED', {
          message: `lshw ended by ${outcome.endedBy} with exit code ${outcome.exitCode ?? 'none'}`,
        });
      }
      return firstElement(outcome.standardOutput);
    } catch (error) {
      if (isSotaError(error) && error.code === 'PROCESS_NOT_FOUND') return null;
      throw error;
    }
  }

  async packages(): Promise<readonly { readonly name: string; readonly version: string }[]> {
    const { packagesFile } = this.#options;
    if (packagesFile === null) return [];
    const text = await this.#files.read(packagesFile, packageListLimitBytes);
    return text === null ? [] : parsePackageList(text.toString('utf8'));
  }
}

/** Newer versions of lshw wrap the device in an array. */
function firstElement(text: string): string {
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(Array.isArray(value) ? (value[0] ?? {}) : value);
  } catch (error) {
    throw new SotaError('PROCESS_FAILED', { message: 'lshw told no JSON', cause: error });
  }
}
