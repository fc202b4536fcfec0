import type { KeyDefinition, SectionDefinition } from './key-definition.js';
import { identitySections } from './sections/identity.js';
import { machineSections } from './sections/machine.js';
import { updateSections } from './sections/update.js';

/** The one schema of the configuration; sections in the order of the documentation. */
export const configurationSchema = {
  tls: identitySections.tls,
  provision: identitySections.provision,
  uptane: updateSections.uptane,
  pacman: updateSections.pacman,
  bootloader: updateSections.bootloader,
  storage: machineSections.storage,
  import: identitySections.import,
  telemetry: machineSections.telemetry,
  network: machineSections.network,
  logger: machineSections.logger,
  control: machineSections.control,
  paths: machineSections.paths,
  p11: identitySections.p11,
} as const satisfies Record<string, SectionDefinition>;

/** The schema without its literal types, for code that walks through it. */
export const sectionDefinitions: ReadonlyMap<string, SectionDefinition> = new Map(Object.entries(configurationSchema));

/** A key with its place. */
export interface PlacedKey {
  readonly section: string;
  readonly key: string;
  /** `section.key`. */
  readonly name: string;
  readonly definition: KeyDefinition;
}

/** Every key, in the order of the documentation. */
export const placedKeys: readonly PlacedKey[] = [...sectionDefinitions].flatMap(([section, { keys }]) =>
  Object.entries(keys).map(([key, definition]) => ({ section, key, name: `${section}.${key}`, definition })),
);

/** The definition of a key, or undefined when there is no such key. Safe for any names. */
export function findKey(section: string, key: string): KeyDefinition | undefined {
  const keys = sectionDefinitions.get(section)?.keys;
  return keys !== undefined && Object.hasOwn(keys, key) ? keys[key] : undefined;
}
