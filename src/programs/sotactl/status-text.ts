import { validateStatusDocument } from '../../adapters/schema/validators.js';
import { SotaError } from '../../domain/errors/sota-error.js';
import type { StatusDocument } from '../../domain/status/status-document.js';

/**
 * The status document from its text.
 * @param source who said so, for the message.
 * @throws SotaError CONTROL_REFUSED when it is no status document of version 1.
 */
export function readStatus(text: string, source: string): StatusDocument {
  const checked = validateStatusDocument(parseJson(text, source));
  if (!checked.ok) {
    const { field, reason } = checked.error;
    const message = `The status of ${source} has another form than this sotactl knows: ${field || 'it'} ${reason}.`;
    throw new SotaError('CONTROL_REFUSED', { message, hint: 'Use sotactl and sotad of the same version.' });
  }
  return checked.value;
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new SotaError('CONTROL_REFUSED', { message: `The status of ${source} is no JSON.`, cause });
  }
}
