import { checkValues, keptConfiguration } from './checked-values.js';
import type { CheckedValues, ConfigurationInput, KeptConfiguration, Provenance } from './checked-values.js';
import type { Configuration } from './configuration.js';
import { deriveValues, type ConfigurationFacts } from './derived-values.js';
import type { KeyValue } from './key-definition.js';
import type { ConfigurationProblem } from './problem.js';
import { sectionDefinitions } from './schema.js';

export interface ResolvedConfiguration {
  /** Deeply frozen. */
  readonly configuration: Configuration;
  readonly problems: readonly ConfigurationProblem[];
  /** Poll and report, but never deploy, register or make keys (design rule 12). */
  readonly degraded: boolean;
  /** Where each value comes from, by `section.key`. */
  readonly provenance: ReadonlyMap<string, Provenance>;
  /** The same values by `section.key`, secrets included. */
  readonly values: ReadonlyMap<string, KeyValue>;
  /** What to keep, privately, once the server was reached with this configuration; null when it is degraded. */
  readonly kept: KeptConfiguration | null;
}

/**
 * The configuration from everything that has a say: default < files < command line < derived (aktualizr.md 1.1, 1.3).
 * Pure; never throws, whatever the layers hold.
 */
export function resolveConfiguration(input: ConfigurationInput, facts: ConfigurationFacts): ResolvedConfiguration {
  return completeConfiguration(checkValues(input), facts);
}

/** The second half of `resolveConfiguration`, once it is known what the gateway's URL is read from. */
export function completeConfiguration(checked: CheckedValues, facts: ConfigurationFacts): ResolvedConfiguration {
  const complete = deriveValues(checked, facts);
  return {
    configuration: buildConfiguration(complete.values),
    problems: complete.problems,
    degraded: complete.degraded,
    provenance: complete.provenance,
    values: complete.values,
    kept: complete.degraded ? null : keptConfiguration(checked),
  };
}

function buildConfiguration(values: ReadonlyMap<string, KeyValue>): Configuration {
  const sections = [...sectionDefinitions].map(([section, { property, keys }]) => {
    const fields = Object.entries(keys).map(([key, definition]) => [
      definition.property,
      values.get(`${section}.${key}`) ?? null,
    ]);
    return [property, Object.freeze(Object.fromEntries(fields))] as const;
  });
  // The type is read off the same schema that this walks through; a test compares both.
  return Object.freeze(Object.fromEntries(sections)) as unknown as Configuration;
}
