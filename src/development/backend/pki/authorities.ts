// For development only: never part of what runs on a device.
import { join } from 'node:path';
import { readIfPresent, writeDurably } from '../storage/durable-files.js';
import { certify, type CertificateRequest, type CertifiedKey } from './certificates.js';

/** Subject unit that marks the shared credential: it may provision and do nothing else. */
export const provisioningUnit = 'provisioning';

/** All certificates of the backend. */
export interface Authorities {
  readonly serverAuthority: CertifiedKey;
  readonly server: CertifiedKey;
  readonly deviceAuthority: CertifiedKey;
  readonly provisioning: CertifiedKey;
  /** For the fault of a server that nobody should trust. */
  readonly foreignServer: CertifiedKey;
}

const longDays = 3_650;

/** Reads the authorities of the state folder, or makes and keeps them. */
export async function openAuthorities(folder: string, hostname: string, now: number): Promise<Authorities> {
  const hosts = [...new Set([hostname, 'localhost', '127.0.0.1', '::1'])];
  const authority = (commonName: string): CertificateRequest => ({
    commonName,
    kind: 'authority',
    validDays: longDays,
    now,
  });
  const [serverAuthority, deviceAuthority, foreignAuthority] = await Promise.all([
    kept(folder, 'server-ca', authority('ota-server-CA')),
    kept(folder, 'device-ca', authority('ota-devices-CA')),
    // The same name with another key: only a real check of the signature tells them apart.
    kept(folder, 'foreign-ca', authority('ota-server-CA')),
  ]);
  const serverRequest: CertificateRequest = {
    commonName: 'ota-gateway',
    kind: 'server',
    validDays: longDays,
    now,
    hosts,
  };
  const [server, foreignServer, provisioning] = await Promise.all([
    kept(folder, `server-${hostname}`, { ...serverRequest, issuer: serverAuthority }),
    kept(folder, `foreign-server-${hostname}`, { ...serverRequest, issuer: foreignAuthority }),
    kept(folder, 'provisioning', {
      commonName: 'provisioning',
      organizationalUnit: provisioningUnit,
      kind: 'client',
      validDays: longDays,
      now,
      issuer: deviceAuthority,
    }),
  ]);
  return { serverAuthority, server, deviceAuthority, provisioning, foreignServer };
}

async function kept(folder: string, name: string, request: CertificateRequest): Promise<CertifiedKey> {
  const certificatePath = join(folder, 'ca', `${name}.pem`);
  const keyPath = join(folder, 'ca', `${name}.key`);
  const certificate = readIfPresent(certificatePath);
  const privateKey = readIfPresent(keyPath);
  if (certificate !== null && privateKey !== null) {
    return { certificate: certificate.toString('utf8'), privateKey: privateKey.toString('utf8') };
  }
  const made = await certify(request);
  // The certificate last: a half-written pair is made anew.
  writeDurably(keyPath, made.privateKey);
  writeDurably(certificatePath, made.certificate, 0o644);
  return made;
}
