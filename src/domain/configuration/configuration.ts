import type { configurationSchema } from './schema.js';

type Schema = typeof configurationSchema;

/** The type of a key's value, read off its definition. */
type ValueOf<Key> = Key extends { readonly type: 'boolean' }
  ? boolean
  : Key extends { readonly type: 'integer' }
    ? number
    : (Key extends { readonly choices: readonly (infer Choice)[] } ? Choice : string) | NullOf<Key>;

/** null where the key may stay unset. */
type NullOf<Key> = Key extends { readonly alwaysDerived: true }
  ? never
  : Key extends { readonly default: null }
    ? null
    : never;

type PropertyOf<Definition> = Definition extends { readonly property: infer Property extends string }
  ? Property
  : never;

type SectionOf<Section> = Section extends { readonly keys: infer Keys }
  ? { readonly [Key in keyof Keys as PropertyOf<Keys[Key]>]: ValueOf<Keys[Key]> }
  : never;

/**
 * The whole configuration, frozen: one field per key of the schema, under its full name and with its unit, after
 * defaults, files, command line and derived values. Read once, handed down, never read in the middle of logic.
 */
export type Configuration = {
  readonly [Section in keyof Schema as PropertyOf<Schema[Section]>]: SectionOf<Schema[Section]>;
};
