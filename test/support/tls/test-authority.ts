import { generateKeyPairSync, randomBytes } from 'node:crypto';
import forge from 'node-forge';

/** PEM texts of a certificate and its key. */
export interface TestCertificate {
  readonly certificate: string;
  readonly key: string;
}

export interface TestCertificateRequest {
  readonly commonName: string;
  /** DNS names and IPv4 addresses. */
  readonly alternativeNames?: readonly string[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly usage?: 'server' | 'client';
}

const day = 24 * 60 * 60 * 1000;

function newKey(): { key: string; forgeKey: forge.pki.rsa.PrivateKey; forgePublicKey: forge.pki.rsa.PublicKey } {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const forgeKey = forge.pki.privateKeyFromPem(key);
  return { key, forgeKey, forgePublicKey: forge.pki.setRsaPublicKey(forgeKey.n, forgeKey.e) };
}

function unsignedCertificate(
  publicKey: forge.pki.rsa.PublicKey,
  subject: forge.pki.CertificateField[],
  issuer: forge.pki.CertificateField[],
  notBefore: Date,
  notAfter: Date,
): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = publicKey;
  certificate.serialNumber = `01${randomBytes(8).toString('hex')}`;
  certificate.validity.notBefore = notBefore;
  certificate.validity.notAfter = notAfter;
  certificate.setSubject(subject);
  certificate.setIssuer(issuer);
  return certificate;
}

/** A certificate authority for tests, with RSA keys; each instance is its own root of trust. */
export class TestAuthority {
  readonly certificate: string;
  readonly #forgeKey: forge.pki.rsa.PrivateKey;
  readonly #subject: forge.pki.CertificateField[];

  constructor(commonName = 'Test authority') {
    const { forgeKey, forgePublicKey } = newKey();
    this.#forgeKey = forgeKey;
    this.#subject = [{ shortName: 'CN', value: commonName }];
    const certificate = unsignedCertificate(
      forgePublicKey,
      this.#subject,
      this.#subject,
      new Date(Date.now() - 3650 * day),
      new Date(Date.now() + 3650 * day),
    );
    certificate.setExtensions([
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
      { name: 'subjectKeyIdentifier' },
    ]);
    certificate.sign(forgeKey, forge.md.sha256.create());
    this.certificate = forge.pki.certificateToPem(certificate);
  }

  /** Issues a certificate; valid now for 30 days unless told otherwise. */
  issue(request: TestCertificateRequest): TestCertificate {
    const { key, forgePublicKey } = newKey();
    const certificate = unsignedCertificate(
      forgePublicKey,
      [{ shortName: 'CN', value: request.commonName }],
      this.#subject,
      request.notBefore ?? new Date(Date.now() - day),
      request.notAfter ?? new Date(Date.now() + 30 * day),
    );
    const names = (request.alternativeNames ?? []).map((name) =>
      /^[0-9.]+$/.test(name) ? { type: 7, ip: name } : { type: 2, value: name },
    );
    certificate.setExtensions([
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
      { name: 'extKeyUsage', serverAuth: request.usage !== 'client', clientAuth: request.usage === 'client' },
      ...(names.length > 0 ? [{ name: 'subjectAltName', altNames: names }] : []),
    ]);
    certificate.sign(this.#forgeKey, forge.md.sha256.create());
    return { certificate: forge.pki.certificateToPem(certificate), key };
  }
}

/** What a device and its server need to meet each other over mutual TLS on 127.0.0.1. */
export interface TestIdentities {
  readonly serverAuthority: TestAuthority;
  readonly deviceAuthority: TestAuthority;
  readonly server: TestCertificate;
  readonly device: TestCertificate;
}

/** Two authorities, as real backends have them, a server for `localhost` and 127.0.0.1, and a device. */
export function makeTestIdentities(deviceName = 'test-device'): TestIdentities {
  const serverAuthority = new TestAuthority('Test server authority');
  const deviceAuthority = new TestAuthority('Test device authority');
  return {
    serverAuthority,
    deviceAuthority,
    server: serverAuthority.issue({ commonName: 'localhost', alternativeNames: ['localhost', '127.0.0.1'] }),
    device: deviceAuthority.issue({ commonName: deviceName, usage: 'client' }),
  };
}
