import type { LogFields } from '../../ports/logger.js';

/**
 * The last net under the rule that secrets are never logged: what looks like one is taken out of texts that come
 * from elsewhere (a server's reply, a child's error output).
 */
const removed = '[removed]';

/** The begin line alone is enough: a cut-off block must not slip through. */
const pemBlock = /-----BEGIN [A-Z0-9 ]{1,40}-----[\s\S]*?(?:-----END [A-Z0-9 ]{1,40}-----|$)/g;

const patterns: readonly (readonly [RegExp, string])[] = [
  [pemBlock, '[PEM removed]'],
  [/\b(pin-value|pin)=[^\s;&"']+/gi, `$1=${removed}`],
  [
    /\b((?:proxy-)?authorization["']?\s*[:=]\s*["']?)(?:(?:basic|bearer|digest|negotiate)\s+)?[^\s"',;]+/gi,
    `$1${removed}`,
  ],
  [/\b(bearer\s+)[A-Za-z0-9._~+/=-]{8,}/gi, `$1${removed}`],
  [
    /\b((?:password|passwd|passphrase|secret|token|client_secret|access_token)["']?\s*[:=]\s*["']?)[^\s"',;&]+/gi,
    `$1${removed}`,
  ],
  [/\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@:]{1,200}(?::[^\s/@]{0,200})?@/gi, `$1${removed}@`],
];

const secretField = /^(?:.*(?:password|passwd|passphrase|secret|authorization|privatekey|private_key)|.*token|pin)$/i;

export function redactText(text: string): string {
  return patterns.reduce((current, [pattern, replacement]) => current.replace(pattern, replacement), text);
}

/** Values of fields whose name says that they are secret are taken out whole. */
export function redactFields(fields: LogFields): LogFields {
  const redacted: Record<string, LogFields[string]> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (secretField.test(name)) redacted[name] = removed;
    else redacted[name] = typeof value === 'string' ? redactText(value) : value;
  }
  return redacted;
}
