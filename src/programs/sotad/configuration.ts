import { hostname } from 'node:os';
import { join } from 'node:path';
import { ConfigurationLoader, type LoadedConfiguration } from '../../adapters/configuration/load-configuration.js';
import { validateKeptConfiguration } from '../../adapters/schema/validators.js';
import type { KeptConfiguration } from '../../domain/configuration/checked-values.js';
import type { CredentialReader } from '../../ports/identity.js';
import type { Files } from '../../ports/files.js';

const mostBytes = 1024 * 1024;

/** Where the safety keys lie that last reached the server (design rule 12); private, for it may hold a PIN. */
export function keptConfigurationPath(storageFolder: string): string {
  return join(storageFolder, 'last-configuration.json');
}

/**
 * Reads the configuration; where a safety key has a mistake, the last configuration that reached the server stands in.
 * @throws SotaError CONFIGURATION_INVALID when a named file or folder does not exist.
 */
export async function loadConfiguration(
  options: { readonly paths: readonly string[]; readonly settings: Readonly<Record<string, string>> },
  parts: { readonly files: Files; readonly credentials: CredentialReader },
): Promise<LoadedConfiguration> {
  const loader = new ConfigurationLoader({
    hostname: hostname(),
    readGatewayUrl: (archivePath) => parts.credentials.readGatewayUrl(archivePath),
  });
  const loaded = await loader.load(options);
  if (!loaded.degraded) return loaded;
  const fallback = await readKept(parts.files, loaded.configuration.storage.path);
  return fallback === null ? loaded : loader.load({ ...options, fallback });
}

/** Keeps what just reached the server; writes only when it differs. */
export async function keepConfiguration(files: Files, loaded: LoadedConfiguration): Promise<void> {
  if (loaded.kept === null) return;
  const path = keptConfigurationPath(loaded.configuration.storage.path);
  const text = `${JSON.stringify(loaded.kept)}\n`;
  const before = await files.read(path, mostBytes);
  if (before?.toString('utf8') !== text) await files.writeAtomically(path, text, 0o600);
}

async function readKept(files: Files, storageFolder: string): Promise<KeptConfiguration | null> {
  const bytes = await files.read(keptConfigurationPath(storageFolder), mostBytes);
  if (bytes === null) return null;
  try {
    const kept = validateKeptConfiguration(JSON.parse(bytes.toString('utf8')));
    // The values themselves are judged where they are used.
    return kept.ok && kept.value.format === 1 ? { format: 1, values: kept.value.values } : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
