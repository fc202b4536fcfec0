import type { KeyDefinition, KeyValue } from './key-definition.js';
import { readKeyValue } from './key-value.js';
import { commandLineLayer, commandLineSource, mergeLayers } from './layer.js';
import type { ConfigurationLayer, FoundSetting } from './layer.js';
import type { ConfigurationProblem } from './problem.js';
import { findKey, placedKeys } from './schema.js';

/** Where an effective value comes from. */
export interface Provenance {
  readonly kind: 'default' | 'file' | 'command line' | 'derived' | 'last working configuration';
  /** Path of the file, or what it was derived from. */
  readonly source: string | null;
  readonly line: number | null;
}

/**
 * The safety keys as they were when this configuration last reached the server. JSON-safe; it may hold secrets, so it
 * belongs into the private storage only.
 */
export interface KeptConfiguration {
  readonly format: 1;
  /** By `section.key`. */
  readonly values: Readonly<Record<string, KeyValue>>;
}

export interface ConfigurationInput {
  /** In the order of processing. */
  readonly layers: readonly ConfigurationLayer[];
  /** What already went wrong when the files were read. */
  readonly readingProblems?: readonly ConfigurationProblem[];
  /** By `section.key`. */
  readonly commandLine?: Readonly<Record<string, string>>;
  /** Stands in for all safety keys when one of them has a mistake (design rule 12). */
  readonly fallback?: KeptConfiguration | null;
}

/** Every key with its value before derivation. */
export interface CheckedValues {
  readonly values: ReadonlyMap<string, KeyValue>;
  readonly provenance: ReadonlyMap<string, Provenance>;
  readonly problems: readonly ConfigurationProblem[];
  /** A safety key has a mistake and nothing stands in: poll and report, but never deploy, register or make keys. */
  readonly degraded: boolean;
}

const byDefault: Provenance = { kind: 'default', source: null, line: null };

/**
 * Merges the layers and checks every value. Never throws, whatever the layers hold.
 * A mistake in a safety key brings all safety keys of the last working configuration back, not that one alone: they
 * were seen to work together.
 */
export function checkValues(input: ConfigurationInput): CheckedValues {
  const layers = [...input.layers, commandLineLayer(input.commandLine ?? {})];
  const merged = mergeLayers(layers);
  const problems = [...(input.readingProblems ?? []), ...merged.problems];
  const values = new Map<string, KeyValue>();
  const provenance = new Map<string, Provenance>();
  for (const { section, key, name, definition } of placedKeys) {
    const found = merged.settings.get(name);
    const read = found === undefined ? undefined : readKeyValue(definition, found.raw);
    values.set(name, read?.ok === true ? read.value : definition.default);
    provenance.set(name, read?.ok === true && found !== undefined ? whereFound(found) : byDefault);
    if (found !== undefined && read !== undefined) {
      const where = { source: found.source, line: found.line, section, key, suggestion: null };
      if (!read.ok) {
        const reason = definition.secret === true ? 'has a value that can not be used' : read.error;
        problems.push({
          severity: 'mistake',
          safety: definition.safety === true,
          ...where,
          reason: `${name} ${reason}`,
        });
      } else if (definition.notUsed !== undefined) {
        const reason = `${name} is accepted but not used yet: ${definition.notUsed}`;
        problems.push({ severity: 'notice', safety: false, ...where, reason });
      }
    }
  }
  problems.push(...plainHttpProblems(values, provenance));
  const unsafe = problems.some(({ safety }) => safety);
  const restored = unsafe && input.fallback != null && restore(input.fallback, values, provenance);
  return { values, provenance, problems, degraded: unsafe && !restored };
}

/** The safety keys to keep once the server was reached with them. */
export function keptConfiguration(checked: CheckedValues): KeptConfiguration {
  const safety = placedKeys.filter(({ definition }) => definition.safety === true);
  return {
    format: 1,
    values: Object.fromEntries(safety.map(({ name }) => [name, checked.values.get(name) ?? null])),
  };
}

/** @returns false, changing nothing, when the kept values are not whole and right themselves. */
function restore(
  fallback: KeptConfiguration,
  values: Map<string, KeyValue>,
  provenance: Map<string, Provenance>,
): boolean {
  const restored = new Map<string, KeyValue>();
  for (const { name, definition } of placedKeys) {
    if (definition.safety !== true || !Object.hasOwn(fallback.values, name)) {
      continue;
    }
    const value = readKept(definition, fallback.values[name]);
    if (value === undefined) {
      return false;
    }
    restored.set(name, value);
  }
  if (restored.size === 0) {
    return false;
  }
  for (const { name, definition } of placedKeys) {
    if (definition.safety === true) {
      values.set(name, restored.has(name) ? (restored.get(name) ?? null) : definition.default);
      provenance.set(name, { kind: 'last working configuration', source: null, line: null });
    }
  }
  return true;
}

function readKept(definition: KeyDefinition, kept: unknown): KeyValue | undefined {
  if (kept === null) {
    return definition.default === null ? null : undefined;
  }
  const read = readKeyValue(definition, kept);
  return read.ok ? read.value : undefined;
}

/** Servers without TLS are refused unless network.allow_http says otherwise; the bad value is taken out. */
function plainHttpProblems(
  values: Map<string, KeyValue>,
  provenance: Map<string, Provenance>,
): readonly ConfigurationProblem[] {
  if (values.get('network.allow_http') === true) {
    return [];
  }
  const problems: ConfigurationProblem[] = [];
  for (const { section, key, name, definition } of placedKeys) {
    if (definition.type === 'url' && name !== 'network.proxy' && isPlainHttp(values.get(name))) {
      const found = provenance.get(name);
      const reason = `${name} must be an https URL: without TLS nothing says that the server is the right one`;
      problems.push({
        severity: 'mistake',
        safety: true,
        source: found?.source ?? null,
        line: found?.line ?? null,
        section,
        key,
        reason,
        suggestion: null,
      });
      values.set(name, definition.default);
      provenance.set(name, byDefault);
    }
  }
  return problems;
}

/** Is it a URL without TLS? */
export function isPlainHttp(value: KeyValue | undefined): boolean {
  return typeof value === 'string' && /^http:/i.test(value);
}

function whereFound(found: FoundSetting): Provenance {
  return found.source === commandLineSource
    ? { kind: 'command line', source: null, line: null }
    : { kind: 'file', source: found.source, line: found.line };
}

/** The checked value of a text key; null when it is not set. For keys that the schema knows. */
export function textValue(values: ReadonlyMap<string, KeyValue>, section: string, key: string): string | null {
  const value = values.get(`${section}.${key}`);
  return findKey(section, key) !== undefined && typeof value === 'string' && value !== '' ? value : null;
}
