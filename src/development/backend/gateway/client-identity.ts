// For development only: never part of what runs on a device.
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';
import { provisioningUnit } from '../pki/authorities.js';

/** Who is at the other end of the connection, by its certificate. */
export type ClientIdentity =
  | { readonly kind: 'none' }
  /** A certificate that our authority didn't sign, or that is past its date. */
  | { readonly kind: 'unknown'; readonly reason: string }
  | { readonly kind: 'provisioning' }
  | { readonly kind: 'device'; readonly uuid: string };

export function identify(request: IncomingMessage): ClientIdentity {
  const { socket } = request;
  if (!(socket instanceof TLSSocket)) {
    return { kind: 'none' };
  }
  // Empty when the client showed nothing.
  const certificate = socket.getPeerCertificate() as Partial<ReturnType<TLSSocket['getPeerCertificate']>>;
  if (certificate.subject === undefined) {
    return { kind: 'none' };
  }
  if (!socket.authorized) {
    return { kind: 'unknown', reason: String(socket.authorizationError) };
  }
  const { CN: commonName, OU: unit } = certificate.subject as { CN?: string; OU?: string };
  if (unit === provisioningUnit) {
    return { kind: 'provisioning' };
  }
  return commonName === undefined
    ? { kind: 'unknown', reason: 'no common name' }
    : { kind: 'device', uuid: commonName };
}
