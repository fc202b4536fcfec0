// For development only: never part of what runs on a device.
import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';

/**
 * X.509 with node-forge, which writes certificates that Node itself can't. Keys come from Node: forge's own
 * generation of RSA keys is many times slower.
 */

/** PEM texts. */
export interface CertifiedKey {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface CertificateRequest {
  readonly commonName: string;
  readonly organizationalUnit?: string;
  readonly kind: 'authority' | 'server' | 'client';
  readonly validDays: number;
  readonly now: number;
  /** Names of a server. */
  readonly hosts?: readonly string[];
  /** Absent: signed by itself. */
  readonly issuer?: CertifiedKey;
}

const generate = promisify(generateKeyPair);
const dayMilliseconds = 86_400_000;

/** A new RSA-2048 key with its certificate. */
export async function certify(request: CertificateRequest): Promise<CertifiedKey> {
  const pair = await generate('rsa', { modulusLength: 2048 });
  const privateKey = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const publicKey = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return { certificate: issue(request, publicKey, privateKey), privateKey };
}

function issue(request: CertificateRequest, publicKey: string, privateKey: string): string {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  // A serial number must be positive: the first byte is fixed.
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
  certificate.validity.notBefore = new Date(request.now - 3_600_000);
  certificate.validity.notAfter = new Date(request.now + request.validDays * dayMilliseconds);
  const subject = [
    { name: 'commonName', value: request.commonName },
    ...(request.organizationalUnit === undefined
      ? []
      : [{ name: 'organizationalUnitName', value: request.organizationalUnit }]),
  ];
  certificate.setSubject(subject);
  const issuer = request.issuer === undefined ? undefined : forge.pki.certificateFromPem(request.issuer.certificate);
  certificate.setIssuer(issuer === undefined ? subject : issuer.subject.attributes);
  certificate.setExtensions(extensionsOf(request));
  certificate.sign(forge.pki.privateKeyFromPem(request.issuer?.privateKey ?? privateKey), forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate).replace(/\r\n/g, '\n');
}

function extensionsOf(request: CertificateRequest): object[] {
  const identifier = { name: 'subjectKeyIdentifier' };
  switch (request.kind) {
    case 'authority':
      return [
        { name: 'basicConstraints', cA: true, critical: true },
        { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
        identifier,
      ];
    case 'server':
      return [
        { name: 'basicConstraints', cA: false, critical: true },
        { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
        { name: 'extKeyUsage', serverAuth: true },
        { name: 'subjectAltName', altNames: (request.hosts ?? []).map(alternativeName) },
        identifier,
      ];
    case 'client':
      return [
        { name: 'basicConstraints', cA: false, critical: true },
        { name: 'keyUsage', digitalSignature: true, critical: true },
        { name: 'extKeyUsage', clientAuth: true },
        identifier,
      ];
  }
}

function alternativeName(host: string): object {
  return /^[0-9.]+$/.test(host) || host.includes(':') ? { type: 7, ip: host } : { type: 2, value: host };
}

/** Bytes of a PKCS#12 with the empty password: key, certificate and the authority of the server (backend.md 4.3). */
export function packPkcs12(credential: CertifiedKey, authorities: readonly string[]): Buffer {
  const packed = forge.pkcs12.toPkcs12Asn1(
    forge.pki.privateKeyFromPem(credential.privateKey),
    [credential.certificate, ...authorities].map((pem) => forge.pki.certificateFromPem(pem)),
    '',
    { algorithm: '3des' },
  );
  return Buffer.from(forge.asn1.toDer(packed).getBytes(), 'binary');
}
