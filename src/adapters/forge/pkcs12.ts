import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { types } from 'node:util';
import forge from 'node-forge';
import { SotaError } from '../../domain/errors/sota-error.js';

/** What a PKCS#12 file of a device holds, as PEM texts. */
export interface Pkcs12Contents {
  /** PKCS#8, not encrypted. */
  readonly key: string;
  /** The certificate that fits the key. */
  readonly certificate: string;
  /** All others, each once, in the order of the file. */
  readonly authorities: readonly string[];
}

/**
 * Opens a PKCS#12 file with one key and the certificate that fits it (aktualizr.md 2.1).
 * node:crypto refuses the old ciphers of such files (RC2, 3DES), and node-forge knows no elliptic curves: so forge only
 * opens the container, and what lies in its bags is read by node:crypto.
 * @param source named in errors, e.g. the entry of the archive.
 * @throws SotaError CREDENTIALS_INVALID when it can't be opened, or key or certificate is missing.
 */
export function openPkcs12(bytes: Buffer, password: string, source: string): Pkcs12Contents {
  const container = openContainer(bytes, password, source);
  const { pkcs8ShroudedKeyBag, keyBag, certBag } = forge.pki.oids;
  const [keyBytes, ...moreKeys] = contentsOf(container, [pkcs8ShroudedKeyBag, keyBag]);
  if (keyBytes === undefined) throw invalid(source, 'holds no private key');
  if (moreKeys.length > 0) throw invalid(source, 'holds more than one private key');
  const key = readKey(keyBytes, source);
  const certificates = distinctCertificates(contentsOf(container, [certBag]), source);
  const leaf = certificates.find((certificate) => certificate.checkPrivateKey(key));
  if (leaf === undefined) throw invalid(source, 'holds no certificate that fits its private key');
  return {
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: leaf.toString(),
    authorities: certificates.filter((certificate) => certificate !== leaf).map(String),
  };
}

function openContainer(bytes: Buffer, password: string, source: string): forge.pkcs12.Pkcs12Pfx {
  try {
    return forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(bytes.toString('binary')), password);
  } catch (error) {
    // The texts of forge hold nothing of the file or the password.
    const reason = types.isNativeError(error) ? error.message : 'unknown reason';
    throw invalid(source, `can not be opened; is the password right? (${reason})`, error);
  }
}

/** The contents, as DER, of all bags of these types. */
function contentsOf(container: forge.pkcs12.Pkcs12Pfx, bagTypes: readonly (string | undefined)[]): Buffer[] {
  return container.safeContents
    .flatMap(({ safeBags }) => safeBags)
    .filter(({ type }) => bagTypes.includes(type))
    .map((bag) => Buffer.from(forge.asn1.toDer(asn1Of(bag)).getBytes(), 'binary'));
}

/** Forge keeps what it understands (RSA) as objects of its own only, and the rest as it was. */
function asn1Of(bag: forge.pkcs12.Bag): forge.asn1.Asn1 {
  if (bag.key) return forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(bag.key));
  if (bag.cert) return forge.pki.certificateToAsn1(bag.cert);
  return bag.asn1;
}

function readKey(der: Buffer, source: string): KeyObject {
  try {
    return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  } catch (error) {
    throw invalid(source, 'holds a private key that can not be read', error);
  }
}

function distinctCertificates(certificates: readonly Buffer[], source: string): X509Certificate[] {
  try {
    const read = certificates.map((der) => new X509Certificate(der));
    return [...new Map(read.map((certificate) => [certificate.fingerprint256, certificate])).values()];
  } catch (error) {
    throw invalid(source, 'holds a certificate that can not be read', error);
  }
}

function invalid(source: string, what: string, cause?: unknown): SotaError {
  return new SotaError('CREDENTIALS_INVALID', { message: `${source} ${what}`, cause });
}
