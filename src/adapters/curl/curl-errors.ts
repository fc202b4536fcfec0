import type { ErrorCode } from '../../domain/errors/catalogue.js';
import { SotaError } from '../../domain/errors/sota-error.js';
import type { Diagnostics } from './diagnostics.js';
import type { TransferEnd } from './transfer-engine.js';

export interface FailedExchange {
  readonly end: TransferEnd;
  readonly host: string;
  readonly replyBegun: boolean;
  readonly diagnostics: Diagnostics;
}

/** libcurl's codes (libcurl-errors(3)) that need no second look. */
const plainCodes: Readonly<Record<number, ErrorCode>> = {
  5: 'NETWORK_UNREACHABLE',
  6: 'NETWORK_UNREACHABLE',
  7: 'NETWORK_UNREACHABLE',
  18: 'NETWORK_UNREACHABLE',
  35: 'NETWORK_UNREACHABLE',
  52: 'NETWORK_UNREACHABLE',
  55: 'NETWORK_UNREACHABLE',
  56: 'NETWORK_UNREACHABLE',
  58: 'TLS_CLIENT_REFUSED',
  63: 'HTTP_RESPONSE_TOO_LARGE',
  77: 'IDENTITY_DAMAGED',
};

const peerCertificateRefused = new Set([51, 60, 83, 90, 91]);
const maybeAlert = new Set([35, 55, 56]);
const timedOut = 28;

/** Alerts by which a server refuses the certificate of its client (RFC 8446, 6.2), in OpenSSL's words. */
const clientRefusal =
  /(?<!OUT\), TLS )alert,? (bad certificate|unsupported certificate|certificate (revoked|expired|unknown|required)|unknown ca|access denied|handshake failure)/i;

/**
 * The alert by which we refused the server's certificate. A signature that doesn't even decrypt (an authority of the
 * same name with another key) leaves another error than the verdict in OpenSSL's queue, and libcurl reports that one.
 */
const ownRefusal =
  /OUT\), TLS alert,? (decrypt error|bad certificate|unsupported certificate|certificate (revoked|expired|unknown)|unknown ca)/i;

/** X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED. */
const dateVerdicts = new Set([9, 10]);

/** What the end of an exchange means in the catalogue; host and the reason in libcurl's words are in the message. */
export function exchangeError(failed: FailedExchange): SotaError {
  const { end, host, replyBegun, diagnostics } = failed;
  const said = diagnostics.reason();
  const reason = said === '' ? end.curlText : said;
  const message = `${host}: ${reason} (libcurl ${end.curlCode})`;
  if (end.curlCode === timedOut) {
    return new SotaError(replyBegun ? 'NETWORK_STALLED' : 'NETWORK_TIMEOUT', {
      message: `${host}: ${end.curlText} (${replyBegun ? 'the reply came too slowly' : 'no reply came'})`,
    });
  }
  if (peerCertificateRefused.has(end.curlCode)) return serverRefused(message, end.verifyResult);
  if (end.curlCode === 35 && ownRefusal.test(diagnostics.text())) return serverRefused(message, end.verifyResult);
  const alert = maybeAlert.has(end.curlCode) ? clientRefusal.exec(diagnostics.text()) : null;
  if (alert !== null) {
    return new SotaError('TLS_CLIENT_REFUSED', { message: `${host}: refused our certificate: ${alert[0]}` });
  }
  if (end.curlCode === 52 || end.curlCode === 35) {
    return new SotaError('NETWORK_UNREACHABLE', {
      message,
      hint: 'Check the network; a server that closes connections without a word may also refuse our certificate.',
    });
  }
  return new SotaError(plainCodes[end.curlCode] ?? 'HTTP_BAD_REPLY', { message });
}

/**
 * A certificate out of its dates more often means that our clock is wrong than that the server's operator slept; both
 * are told.
 */
function serverRefused(message: string, verifyResult: number): SotaError {
  const refused = new SotaError('TLS_SERVER_REFUSED', { message });
  if (!dateVerdicts.has(verifyResult)) return refused;
  const verdict = verifyResult === 9 ? 'is not yet valid' : 'has expired';
  return new SotaError('CLOCK_SUSPECT', {
    message: `${message}: by the clock of this device the certificate ${verdict}`,
    hint: 'Compare the clock of the device with the dates of the certificate of the server.',
    cause: refused,
  });
}
