import { X509Certificate } from 'node:crypto';
import { SotaError } from '../../domain/errors/sota-error.js';

const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * The certificates of PEM texts, each once, in order.
 * @throws SotaError CREDENTIALS_INVALID when one can't be read.
 */
export function distinctCertificates(texts: readonly string[], source: string): string[] {
  const distinct = new Map<string, string>();
  for (const pem of texts.flatMap((text) => text.match(block) ?? [])) {
    const certificate = readCertificate(pem);
    if (certificate === null) {
      throw new SotaError('CREDENTIALS_INVALID', { message: `${source} holds a certificate that can not be read` });
    }
    distinct.set(certificate.fingerprint256, certificate.toString());
  }
  return [...distinct.values()];
}

/**
 * The common name of the first certificate of a PEM text; null when it has none or can't be read.
 * Read from the text of the subject: `toLegacyObject`, when called before node:tls is loaded, leaves node:tls without
 * `createSecureContext` for the life of the process (Node 20).
 */
export function commonNameOf(pem: string): string | null {
  const attributes = readCertificate(pem)?.subject.split(/\n| \+ /) ?? [];
  const commonName = attributes.find((attribute) => attribute.startsWith('CN='));
  return commonName === undefined ? null : unescapeName(commonName.slice('CN='.length));
}

/** Undoes the escapes of RFC 2253, in which Node writes names. */
function unescapeName(text: string): string {
  return text.replace(/\\([0-9A-F]{2}|.)/g, (_, escaped: string) =>
    escaped.length === 2 ? String.fromCharCode(Number.parseInt(escaped, 16)) : escaped,
  );
}

function readCertificate(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    // What was wrong with it no caller could act on; that it is unreadable is the answer.
    return null;
  }
}
