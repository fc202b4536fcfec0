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

/** The common name of the first certificate of a PEM text; null when it has none or can't be read. */
export function commonNameOf(pem: string): string | null {
  const name: unknown = readCertificate(pem)?.toLegacyObject().subject.CN;
  if (Array.isArray(name)) return typeof name[0] === 'string' ? name[0] : null;
  return typeof name === 'string' ? name : null;
}

function readCertificate(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    // What was wrong with it no caller could act on; that it is unreadable is the answer.
    return null;
  }
}
