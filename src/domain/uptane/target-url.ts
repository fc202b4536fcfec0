import { SotaError } from '../errors/sota-error.js';

/** Bytes that stay as they are (aktualizr.md 3, note on row 10). */
const unreserved = /[A-Za-z0-9\-._~]/;

/**
 * Where the image repository serves a target: `<repository>/targets/<name>`, each part percent-encoded.
 * @throws SotaError METADATA_MALFORMED for a name that would climb out of the folder (uptane.md 5).
 */
export function targetUrl(repositoryUrl: string, name: string): string {
  const parts = name.split('/');
  for (const part of parts) {
    if (part === '' || part === '.' || part === '..') {
      throw new SotaError('METADATA_MALFORMED', { message: `target name ${JSON.stringify(name)} is no path` });
    }
  }
  return `${repositoryUrl}/targets/${parts.map(encodePart).join('/')}`;
}

function encodePart(part: string): string {
  return [...new TextEncoder().encode(part)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      if (byte < 0x80 && unreserved.test(character)) return character;
      return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
