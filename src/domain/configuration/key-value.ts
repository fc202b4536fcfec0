import { failure, success, type Result } from '../result.js';
import type { ChoiceKey, IntegerKey, KeyDefinition, KeyValue, TextKey } from './key-definition.js';

/**
 * The value of a key from what a file or the command line says.
 * As tolerant as aktualizr's INI reader: numbers and booleans may stand in quotes, booleans may be 1 and 0, an empty
 * text means "not set" (aktualizr.md 1.1). What does not convert is a mistake, never silently the default.
 * @returns the value, or the reason in words that follow "section.key ".
 */
export function readKeyValue(definition: KeyDefinition, raw: unknown): Result<KeyValue, string> {
  switch (definition.type) {
    case 'boolean':
      return readBoolean(raw);
    case 'integer':
      return readInteger(definition, raw);
    case 'choice':
      return readChoice(definition, raw);
    case 'text':
    case 'path':
    case 'url':
    case 'hexadecimal':
      return readText(definition, raw);
  }
}

function readBoolean(raw: unknown): Result<KeyValue, string> {
  const text = scalarText(raw);
  if (text === 'true' || text === '1') {
    return success(true);
  }
  if (text === 'false' || text === '0') {
    return success(false);
  }
  return failure(`must be true or false, not ${describe(raw)}`);
}

function readInteger(definition: IntegerKey, raw: unknown): Result<KeyValue, string> {
  const text = scalarText(raw);
  if (text === null || !/^[+-]?\d{1,15}$/.test(text)) {
    return failure(`must be a whole number, not ${describe(raw)}`);
  }
  const value = Number(text);
  if (value < definition.minimum || value > definition.maximum) {
    return failure(`must be between ${definition.minimum} and ${definition.maximum}, not ${value}`);
  }
  return success(value);
}

function readChoice(definition: ChoiceKey, raw: unknown): Result<KeyValue, string> {
  const text = scalarText(raw);
  if (text === '') {
    return success(definition.default);
  }
  const { aliases, unavailable, choices } = definition;
  const value = text !== null && aliases !== undefined && Object.hasOwn(aliases, text) ? (aliases[text] ?? text) : text;
  if (value === null || !choices.includes(value)) {
    return failure(`must be one of ${choices.join(', ')}, not ${describe(raw)}`);
  }
  if (unavailable !== undefined && Object.hasOwn(unavailable, value)) {
    return failure(`can not be "${value}": ${unavailable[value] ?? ''}`);
  }
  return success(value);
}

function readText(definition: TextKey, raw: unknown): Result<KeyValue, string> {
  const text = scalarText(raw);
  if (text === null) {
    return failure(`must be a text, not ${describe(raw)}`);
  }
  if (hasControlCharacter(text)) {
    return failure('must not hold control characters');
  }
  if (text === '') {
    return success(definition.default);
  }
  if (definition.type === 'url') {
    return readUrl(text);
  }
  if (definition.type === 'hexadecimal' && !/^(?:[0-9a-fA-F]{2})+$/.test(text)) {
    return failure(`must be an even number of hexadecimal digits in quotes, not ${describe(raw)}`);
  }
  return success(text);
}

/** Slashes at the end go, so that derived URLs have no `//` (a fault of aktualizr, aktualizr.md 1.3). */
function readUrl(text: string): Result<KeyValue, string> {
  const parts = /^(https?):\/\/([^/?#\s]+)(\/[^?#\s]*)?$/i.exec(text);
  if (parts === null) {
    return failure(`must be a URL such as https://host:port/path, not ${describe(text)}`);
  }
  if (parts[2]?.includes('@') === true) {
    return failure('must not hold a user name or password');
  }
  return success(text.replace(/\/+$/, ''));
}

/** A scalar of TOML as its text; null for tables, lists, dates and whatever else. */
function scalarText(raw: unknown): string | null {
  if (typeof raw === 'string') {
    return raw;
  }
  return typeof raw === 'boolean' || typeof raw === 'bigint' || (typeof raw === 'number' && Number.isFinite(raw))
    ? String(raw)
    : null;
}

function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

/** What was found, short enough for a message and without surprises for a terminal. */
function describe(raw: unknown): string {
  if (typeof raw === 'string') {
    const text = raw.length > 60 ? `${raw.slice(0, 60)}…` : raw;
    return JSON.stringify(text);
  }
  if (typeof raw === 'number' || typeof raw === 'boolean' || typeof raw === 'bigint') {
    return String(raw);
  }
  return Array.isArray(raw) ? 'a list' : typeof raw === 'object' && raw !== null ? 'a table or a date' : 'nothing';
}
