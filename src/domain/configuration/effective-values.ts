import type { Provenance } from './checked-values.js';
import type { ResolvedConfiguration } from './resolve-configuration.js';
import { placedKeys } from './schema.js';
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

/** The effective values as sections of keys, secrets masked: the body of the configuration report. */
export function configurationReport(resolved: ResolvedConfiguration): Record<string, Record<string, KeyValue>> {
  const sections: Record<string, Record<string, KeyValue>> = {};
  for (const { name, value } of effectiveValues(resolved)) {
    const [section = '', key = ''] = name.split('.');
    (sections[section] ??= {})[key] = value;
  }
  return sections;
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
