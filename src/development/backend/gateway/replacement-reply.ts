// For development only: never part of what runs on a device.
import { BackendError } from '../backend-error.js';
import type { ExchangeAction } from '../faults/rule.js';
import { bytesReply, emptyReply, errorReply, htmlReply, refusedCertificateReply, type Reply } from './reply.js';

/** The answer that a fault gives instead of the true one, or null: then only bytes on their way are changed. */
export function replacementReply(fault: ExchangeAction | null): Reply | null {
  if (fault === null) {
    return null;
  }
  switch (fault.kind) {
    case 'status': {
      const error = errorReply(new BackendError(fault.status, 'fault', 'a fault was asked for'));
      return fault.retryAfterSeconds === undefined
        ? error
        : { ...error, headers: { ...error.headers, 'retry-after': fault.retryAfterSeconds } };
    }
    case 'html':
      return htmlReply(fault.status, `${fault.status} Bad Gateway`);
    case 'missing':
      return errorReply(new BackendError(404, 'missing_entity', 'a fault was asked for'));
    case 'redirect':
      return { ...emptyReply(fault.status), headers: { location: fault.location } };
    case 'notJson':
      return bytesReply(200, Buffer.from('<html><body>Welcome to the hotel network</body></html>\n'), 'text/html');
    case 'clientRefused':
      return refusedCertificateReply();
    case 'endless':
      return bytesReply(200, Buffer.alloc(0), 'application/json');
    case 'latency':
    case 'drop':
    case 'loseReply':
    case 'hang':
    case 'stall':
    case 'throttle':
    case 'wrongBytes':
    case 'truncate':
    case 'noRange':
    case 'oversize':
      return null;
  }
}
