/**
 * What the configuration schema says about one key and one section. The schema is data: defaults, checks, the typed
 * configuration, documentation and the JSON schema all come from it (design rule 12).
 */

interface KeyDescription {
  /** Name of the field in the typed `Configuration`. */
  readonly property: string;
  /** What it does, in a sentence or two; for `docs/configuration.md`. */
  readonly doc: string;
  readonly unit?: 'seconds' | 'days' | 'percent';
  /** A mistake here never lets the default stand in (design rule 12). */
  readonly safety?: true;
  /** Never shown, logged or reported. */
  readonly secret?: true;
  /** Who knew this key first. */
  readonly since: 'aktualizr' | 'Torizon' | 'sotad';
  /** Accepted, but nothing uses it in this version: what to say about that. */
  readonly notUsed?: string;
  /** Where the value comes from when it is not set, in words. */
  readonly derivedFrom?: string;
  /** The derivation always finds a value, so the typed field is never null. */
  readonly alwaysDerived?: true;
}

export interface TextKey extends KeyDescription {
  readonly type: 'text' | 'path' | 'url' | 'hexadecimal';
  /** null: not set; an empty text in a file means the same, as it did for aktualizr. */
  readonly default: string | null;
}

export interface BooleanKey extends KeyDescription {
  readonly type: 'boolean';
  readonly default: boolean;
}

export interface IntegerKey extends KeyDescription {
  readonly type: 'integer';
  readonly default: number;
  readonly minimum: number;
  readonly maximum: number;
}

export interface ChoiceKey extends KeyDescription {
  readonly type: 'choice';
  readonly choices: readonly string[];
  readonly default: string | null;
  /** Other spellings that aktualizr took, and what they mean. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** Choices that this version refuses because it can't do what they promise, with the reason. */
  readonly unavailable?: Readonly<Record<string, string>>;
}

export type KeyDefinition = TextKey | BooleanKey | IntegerKey | ChoiceKey;

/** A value of a key after its check. */
export type KeyValue = string | number | boolean | null;

export interface SectionDefinition {
  /** Name of the field in the typed `Configuration`. */
  readonly property: string;
  readonly doc: string;
  readonly keys: Readonly<Record<string, KeyDefinition>>;
}
