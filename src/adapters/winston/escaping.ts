/**
 * Control characters (C0, DEL, C1), line separators and marks that turn the direction of writing: in a log line they
 * would forge lines or drive the reader's terminal.
 */
const dangerous = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** Longer texts are cut: one line of a server must not fill the journal. */
const maximumCharacters = 8_192;

function hex(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

export function cut(text: string): string {
  return text.length <= maximumCharacters
    ? text
    : `${text.slice(0, maximumCharacters)} [${text.length - maximumCharacters} more characters]`;
}

/** For lines that people read: line feeds and tabs get their short form. */
export function escapeText(text: string): string {
  return text.replace(dangerous, (character) =>
    character === '\n' ? '\\n' : character === '\t' ? '\\t' : character === '\r' ? '\\r' : hex(character),
  );
}

/** For JSON texts, whose printer leaves DEL, C1 and the marks as they are; the value stays the same. */
export function escapeJson(json: string): string {
  return json.replace(dangerous, hex);
}
