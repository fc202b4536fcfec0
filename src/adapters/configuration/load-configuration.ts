import { readFileSync, statSync } from 'node:fs';
import { checkValues, type KeptConfiguration } from '../../domain/configuration/checked-values.js';
import { serverUrlSource } from '../../domain/configuration/derived-values.js';
import type { ConfigurationLayer } from '../../domain/configuration/layer.js';
import type { ConfigurationProblem } from '../../domain/configuration/problem.js';
import { completeConfiguration, type ResolvedConfiguration } from '../../domain/configuration/resolve-configuration.js';
import { listConfigurationFiles } from './configuration-files.js';
import { readConfigurationText } from './configuration-text.js';

/** A file of settings is a few lines; more than this is a mix-up. */
const maximumFileBytes = 1024 * 1024;
/** A file that holds one URL. */
const maximumUrlFileBytes = 4096;

/** What the loader needs of the world. */
export interface ConfigurationSurroundings {
  readonly hostname: string;
  /** `CredentialReader.readGatewayUrl`: null when there is no archive or no URL in it; may throw SotaErrors. */
  readonly readGatewayUrl: (archivePath: string) => Promise<string | null>;
  /** Instead of /usr/lib/sota/conf.d and /etc/sota/conf.d. */
  readonly defaultFolders?: readonly string[];
}

/** What the command line says about the configuration. */
export interface ConfigurationRequest {
  /** Files and folders of `-c`; empty: the default folders. */
  readonly paths: readonly string[];
  /** By `section.key`. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly fallback?: KeptConfiguration | null;
}

export interface LoadedConfiguration extends ResolvedConfiguration {
  /** Files that were read, in the order of processing. */
  readonly files: readonly string[];
}

/** Reads the configuration of a device from its files (aktualizr.md 1.1). */
export class ConfigurationLoader {
  readonly #surroundings: ConfigurationSurroundings;

  constructor(surroundings: ConfigurationSurroundings) {
    this.#surroundings = surroundings;
  }

  /**
   * Mistakes inside files are problems of the result, never exceptions.
   * @throws SotaError CONFIGURATION_INVALID when a path of `-c` does not exist, FILE_UNREADABLE when a folder can't be
   * listed.
   */
  async load(request: ConfigurationRequest): Promise<LoadedConfiguration> {
    const files = listConfigurationFiles(request.paths, this.#surroundings.defaultFolders);
    const layers: ConfigurationLayer[] = [];
    const readingProblems: ConfigurationProblem[] = [];
    for (const file of files) {
      const text = readText(file, maximumFileBytes);
      if (text.ok) {
        const reading = readConfigurationText(file, text.value);
        layers.push(reading.layer);
        readingProblems.push(...reading.problems);
      } else {
        readingProblems.push(unreadable(file, text.reason));
      }
    }
    const checked = checkValues({
      layers,
      readingProblems,
      commandLine: request.settings ?? {},
      fallback: request.fallback ?? null,
    });
    const place = serverUrlSource(checked);
    const url = place === null ? null : await this.#readServerUrl(place);
    const problems = [...checked.problems, ...(url?.problems ?? [])];
    const facts = { hostname: this.#surroundings.hostname, serverUrl: url?.text ?? null };
    return { ...completeConfiguration({ ...checked, problems }, facts), files };
  }

  async #readServerUrl(place: {
    readonly kind: 'file' | 'archive';
    readonly path: string;
  }): Promise<{ readonly text: string | null; readonly problems: readonly ConfigurationProblem[] }> {
    if (place.kind === 'file') {
      const text = readText(place.path, maximumUrlFileBytes);
      return text.ok
        ? { text: text.value, problems: [] }
        : { text: null, problems: text.missing ? [] : [notice(place.path, text.reason)] };
    }
    try {
      return { text: await this.#surroundings.readGatewayUrl(place.path), problems: [] };
    } catch (error) {
      // Provisioning reads the same archive and reports what is wrong with it under its own code.
      return { text: null, problems: [notice(place.path, `can not be read: ${messageOf(error)}`)] };
    }
  }
}

type Text =
  | { readonly ok: true; readonly value: string }
  | { readonly ok: false; readonly reason: string; readonly missing: boolean };

function readText(path: string, maximumBytes: number): Text {
  try {
    const status = statSync(path, { throwIfNoEntry: false });
    if (status === undefined) {
      return { ok: false, reason: 'does not exist', missing: true };
    }
    if (!status.isFile()) {
      return { ok: false, reason: 'is no ordinary file', missing: false };
    }
    if (status.size > maximumBytes) {
      return { ok: false, reason: `is larger than ${maximumBytes} bytes`, missing: false };
    }
    return { ok: true, value: new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path)) };
  } catch (error) {
    return { ok: false, reason: `can not be read: ${messageOf(error)}`, missing: false };
  }
}

/** Nobody knows which keys were in it, so safety keys may have been. */
function unreadable(file: string, reason: string): ConfigurationProblem {
  return { ...notice(file, `the file ${reason}`), severity: 'mistake', safety: true };
}

function notice(source: string, reason: string): ConfigurationProblem {
  return {
    severity: 'notice',
    safety: false,
    source,
    line: null,
    section: null,
    key: null,
    reason,
    suggestion: null,
  };
}

function messageOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string'
    ? error.message
    : 'unknown error';
}
