import type { Provenance } from './checked-values.js';
import type { ResolvedConfiguration } from './resolve-configuration.js';
import { placedKeys, sectionDefinitions } from './schema.js';
import type { KeyValue } from './key-definition.js';

/** One line of `sotactl config show`. */
export interface EffectiveValue {
  /** `section.key`. */
  readonly name: string;
  /** A secret that is set is shown as `***`. */
  readonly value: KeyValue;
  readonly provenance: Provenance;
}

/** Every key with its effective value, secrets masked: fit for people, logs and the report to the server. */
export function effectiveValues(resolved: ResolvedConfiguration): readonly EffectiveValue[] {
  return placedKeys.map(({ name, definition }) => {
    const value = resolved.values.get(name) ?? null;
    const hidden = definition.secret === true && value !== null && value !== '';
    return {
      name,
      value: hidden ? '***' : value,
      provenance: resolved.provenance.get(name) ?? { kind: 'default', source: null, line: null },
    };
  });
}

/**
 * The effective values as TOML: the body of the configuration report (`POST /system_info/config`, aktualizr.md 3).
 * Secrets and what is not set are left out; aktualizr sent PIN and password in clear.
 */
export function printConfigurationReport(resolved: ResolvedConfiguration): string {
  const sections = [...sectionDefinitions].map(([section, { keys }]) => {
    const settings = Object.entries(keys).flatMap(([key, { secret }]) => {
      const value = resolved.values.get(`${section}.${key}`) ?? null;
      return secret === true || value === null ? [] : [`${key} = ${JSON.stringify(value)}`];
    });
    return [`[${section}]`, ...settings, ''].join('\n');
  });
  return sections.join('\n');
}

/** Where a value comes from, in words. */
export function provenanceText(provenance: Provenance): string {
  switch (provenance.kind) {
    case 'file':
      return `${provenance.source ?? ''}${provenance.line === null ? '' : `:${provenance.line}`}`;
    case 'derived':
      return `derived from ${provenance.source ?? 'other values'}`;
    case 'default':
    case 'command line':
    case 'last working configuration':
      return provenance.kind;
  }
}
