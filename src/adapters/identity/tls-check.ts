import { createPrivateKey, X509Certificate } from 'node:crypto';
import { SotaError } from '../../domain/errors/sota-error.js';
import type { TlsIdentity } from '../../ports/http.js';

const certificateBlock = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

function certificatesIn(name: string, pem: string): readonly X509Certificate[] {
  const blocks = pem.match(certificateBlock) ?? [];
  try {
    const certificates = blocks.map((block) => new X509Certificate(block));
    if (certificates.length > 0) return certificates;
  } catch (cause) {
    throw new SotaError('CREDENTIALS_INVALID', { message: `${name} holds a certificate that can not be read`, cause });
  }
  throw new SotaError('CREDENTIALS_INVALID', { message: `${name} holds no certificate` });
}

/**
 * Authorities can be read, and the client's certificate belongs to its key: else the device would lock itself out.
 * Dates are not looked at: the clock may be wrong here.
 * @throws SotaError CREDENTIALS_INVALID.
 */
export function checkTlsIdentity({ certificateAuthorities, clientCertificate, clientKey }: TlsIdentity): void {
  certificatesIn('the list of authorities', certificateAuthorities);
  if (clientCertificate === undefined && clientKey === undefined) return;
  if (clientCertificate === undefined || clientKey === undefined) {
    throw new SotaError('CREDENTIALS_INVALID', { message: 'client certificate and client key only come together' });
  }
  const [leaf] = certificatesIn('the client certificate', clientCertificate);
  let isPair: boolean | undefined;
  try {
    isPair = leaf?.checkPrivateKey(createPrivateKey(clientKey));
  } catch {
    // The error of OpenSSL may quote the key: it doesn't go on.
    throw new SotaError('CREDENTIALS_INVALID', { message: 'the client key can not be read' });
  }
  if (isPair !== true) {
    throw new SotaError('CREDENTIALS_INVALID', { message: 'the client certificate is not that of the client key' });
  }
}
