import { isSotaError } from '../../domain/errors/sota-error.js';
import { terminalText } from '../../domain/status/terminal-text.js';

/** What a person reads about a failure: code, message and the way out; for a bug of ours its trace. */
export function failureText(error: unknown): string {
  if (isSotaError(error)) {
    return `${error.code}: ${terminalText(error.message)}\n${terminalText(error.hint)}\n`;
  }
  const trace = typeof error === 'object' && error !== null && 'stack' in error ? String(error.stack) : String(error);
  return `A bug of sotactl:\n${trace}\n`;
}
