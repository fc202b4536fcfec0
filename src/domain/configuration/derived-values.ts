import { isPlainHttp, textValue, type CheckedValues, type Provenance } from './checked-values.js';
import { findKey } from './schema.js';
import type { KeyValue } from './key-definition.js';
import { readKeyValue } from './key-value.js';
import type { ConfigurationProblem } from './problem.js';

/** What the configuration needs to know of the machine. */
export interface ConfigurationFacts {
  readonly hostname: string;
  /** What was found at `serverUrlSource`; null when nothing was. */
  readonly serverUrl: string | null;
}

/** Where the URL of the gateway is to be read from, when it isn't set. */
export type ServerUrlSource = { readonly kind: 'file' | 'archive'; readonly path: string } | null;

/** aktualizr.md 1.3 step 2: the file wins over the archive, and an unreadable file is not followed by the archive. */
export function serverUrlSource(checked: CheckedValues): ServerUrlSource {
  if (textValue(checked.values, 'tls', 'server') !== null) {
    return null;
  }
  const file = textValue(checked.values, 'tls', 'server_url_path');
  if (file !== null) {
    return { kind: 'file', path: file };
  }
  const archive = textValue(checked.values, 'provision', 'provision_path');
  return archive === null ? null : { kind: 'archive', path: archive };
}

/** Fills what follows from other values, in the order of aktualizr.md 1.3. */
export function deriveValues(checked: CheckedValues, facts: ConfigurationFacts): CheckedValues {
  const values = new Map(checked.values);
  const provenance = new Map(checked.provenance);
  const problems: ConfigurationProblem[] = [];
  const derive = (name: string, value: KeyValue, source: string): void => {
    if (value !== null && values.get(name) === null) {
      values.set(name, value);
      provenance.set(name, { kind: 'derived', source, line: null } satisfies Provenance);
    }
  };
  const text = (section: string, key: string): string | null => textValue(values, section, key);

  const archive = text('provision', 'provision_path');
  derive('provision.mode', archive === null ? 'DeviceCred' : 'SharedCred', 'provision.provision_path');
  const found = readServerUrl(checked, facts);
  problems.push(...found.problems);
  derive('tls.server', found.url, found.source);
  const gateway = text('tls', 'server');
  if (gateway !== null) {
    derive('provision.server', gateway, 'tls.server');
    derive('uptane.repo_server', `${gateway}/repo`, 'tls.server');
    derive('uptane.director_server', `${gateway}/director`, 'tls.server');
    derive('pacman.ostree_server', `${gateway}/treehub`, 'tls.server');
  }
  const director = text('uptane', 'director_server');
  derive('provision.ecu_registration_endpoint', director && `${director}/ecus`, 'uptane.director_server');
  derive('provision.primary_ecu_hardware_id', facts.hostname, 'the host name');
  derive('control.socket_folder', text('paths', 'runtime'), 'paths.runtime');
  resolveRelativePaths(values);
  const degraded = checked.degraded || problems.some(({ safety }) => safety);
  return { values, provenance, problems: [...checked.problems, ...problems], degraded };
}

function readServerUrl(
  checked: CheckedValues,
  facts: ConfigurationFacts,
): { readonly url: string | null; readonly source: string; readonly problems: readonly ConfigurationProblem[] } {
  const place = serverUrlSource(checked);
  if (place === null) {
    return { url: null, source: '', problems: [] };
  }
  const problem = (severity: 'mistake' | 'notice', reason: string): ConfigurationProblem => ({
    severity,
    safety: severity === 'mistake',
    source: place.path,
    line: null,
    section: 'tls',
    key: 'server',
    reason,
    suggestion: null,
  });
  const text = facts.serverUrl?.trim() ?? '';
  const definition = findKey('tls', 'server');
  if (text === '' || definition === undefined) {
    // No mistake of the configuration: a device that waits for its credentials looks like this.
    return { url: null, source: '', problems: [problem('notice', 'no URL of the device gateway was found here')] };
  }
  const read = readKeyValue(definition, text);
  if (!read.ok) {
    return { url: null, source: '', problems: [problem('mistake', `the URL of the device gateway ${read.error}`)] };
  }
  if (isPlainHttp(read.value) && checked.values.get('network.allow_http') !== true) {
    const reason = 'the URL of the device gateway must be an https URL';
    return { url: null, source: '', problems: [problem('mistake', reason)] };
  }
  return { url: String(read.value), source: place.path, problems: [] };
}

/** Imported files start at import.base_path (aktualizr.md 1.2); aktualizr's own storage at storage.path. */
function resolveRelativePaths(values: Map<string, KeyValue>): void {
  for (const [name, value] of values) {
    const [section = '', key = ''] = name.split('.');
    const base = section === 'import' ? 'base_path' : section === 'storage' ? 'path' : null;
    if (base === null || key === base || findKey(section, key)?.type !== 'path' || typeof value !== 'string') {
      continue;
    }
    values.set(name, value.startsWith('/') ? value : `${textValue(values, section, base) ?? ''}/${value}`);
  }
}
