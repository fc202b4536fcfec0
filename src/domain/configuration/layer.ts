import type { ConfigurationProblem } from './problem.js';
import { findKey, sectionDefinitions } from './schema.js';
import { suggestName } from './suggestion.js';

/** One source of settings; later layers win, key by key (aktualizr.md 1.1). */
export interface ConfigurationLayer {
  /** Path of the file, or "command line". */
  readonly source: string;
  /** What was read, unchecked: a table of tables. */
  readonly content: Readonly<Record<string, unknown>>;
  /** Lines by `section` and `section.key`. */
  readonly lines?: ReadonlyMap<string, number>;
}

/** A setting as it was found. */
export interface FoundSetting {
  readonly raw: unknown;
  readonly source: string;
  readonly line: number | null;
}

export const commandLineSource = 'command line';

/** Settings of the command line as the last layer: names are `section.key`. */
export function commandLineLayer(settings: Readonly<Record<string, string>>): ConfigurationLayer {
  const content = new Map<string, Map<string, unknown>>();
  for (const [name, value] of Object.entries(settings)) {
    const dot = name.indexOf('.');
    const section = dot < 0 ? name : name.slice(0, dot);
    const keys = content.get(section) ?? new Map<string, unknown>();
    keys.set(dot < 0 ? '' : name.slice(dot + 1), value);
    content.set(section, keys);
  }
  return {
    source: commandLineSource,
    content: Object.fromEntries([...content].map(([section, keys]) => [section, Object.fromEntries(keys)])),
  };
}

/** Known settings by `section.key`, the last layer's value each, and what is unknown in any layer. */
export function mergeLayers(layers: readonly ConfigurationLayer[]): {
  readonly settings: ReadonlyMap<string, FoundSetting>;
  readonly problems: readonly ConfigurationProblem[];
} {
  const settings = new Map<string, FoundSetting>();
  const problems: ConfigurationProblem[] = [];
  for (const layer of layers) {
    for (const [section, keys] of Object.entries(layer.content)) {
      mergeSection(layer, section, keys, settings, problems);
    }
  }
  return { settings, problems };
}

function mergeSection(
  layer: ConfigurationLayer,
  section: string,
  keys: unknown,
  settings: Map<string, FoundSetting>,
  problems: ConfigurationProblem[],
): void {
  if (!sectionDefinitions.has(section)) {
    problems.push(unknownSection(layer, section, keys));
    return;
  }
  if (!isTable(keys)) {
    problems.push({
      ...place(layer, section, null),
      safety: sectionHoldsSafety(section),
      reason: `${section} must be a section: [${section}]`,
    });
    return;
  }
  for (const [key, raw] of Object.entries(keys)) {
    if (findKey(section, key) === undefined) {
      problems.push(unknownKey(layer, section, key));
    } else {
      settings.set(`${section}.${key}`, { raw, source: layer.source, line: lineOf(layer, section, key) });
    }
  }
}

/**
 * A mistyped name of a safety key means that this key was set to something nobody reads: its default would stand in,
 * which rule 12 forbids. So a name that is nearly one of a safety key counts as a mistake in that key.
 */
function unknownKey(layer: ConfigurationLayer, section: string, key: string): ConfigurationProblem {
  const meant = suggestName(key, Object.keys(sectionDefinitions.get(section)?.keys ?? {}));
  return {
    ...place(layer, section, key),
    safety: meant !== null && findKey(section, meant)?.safety === true,
    reason: `${printable(`${section}.${key}`)} is no key that sotad knows`,
    suggestion: meant === null ? null : `${section}.${meant}`,
  };
}

function unknownSection(layer: ConfigurationLayer, section: string, keys: unknown): ConfigurationProblem {
  if (!isTable(keys)) {
    return { ...place(layer, section, null), safety: false, reason: `${printable(section)} stands outside a section` };
  }
  const meant = suggestName(section, [...sectionDefinitions.keys()]);
  return {
    ...place(layer, section, null),
    safety: meant !== null && Object.keys(keys).some((key) => findKey(meant, key)?.safety === true),
    reason: `[${printable(section)}] is no section that sotad knows`,
    suggestion: meant === null ? null : `[${meant}]`,
  };
}

/** Does a section hold any key whose default must not stand in? */
export function sectionHoldsSafety(section: string): boolean {
  return Object.values(sectionDefinitions.get(section)?.keys ?? {}).some((definition) => definition.safety === true);
}

function place(
  layer: ConfigurationLayer,
  section: string,
  key: string | null,
): Omit<ConfigurationProblem, 'safety' | 'reason'> {
  return {
    severity: 'mistake',
    source: layer.source,
    line: lineOf(layer, section, key),
    section,
    key,
    suggestion: null,
  };
}

function lineOf(layer: ConfigurationLayer, section: string, key: string | null): number | null {
  return layer.lines?.get(key === null ? section : `${section}.${key}`) ?? null;
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A name from a file, fit for a message: short, and nothing that moves a terminal. */
function printable(name: string): string {
  const short = name.length > 80 ? `${name.slice(0, 80)}…` : name;
  return /^[\x20-\x7e…]*$/.test(short) ? short : JSON.stringify(short);
}
