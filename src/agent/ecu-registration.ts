import { SotaError } from '../domain/errors/sota-error.js';
import type { Http } from '../ports/http.js';
import type { StateStore } from '../ports/journal.js';
import type { SigningKey } from '../ports/keys.js';
import { isSuccess, serverError, statusError } from './server-reply.js';

/** What the server must know of an ECU. */
export interface EcuIdentity {
  readonly serial: string;
  readonly hardwareId: string;
  readonly key: SigningKey;
}

const mostReplyBytes = 64 * 1024;
const deadlineSeconds = 60;

/** The servers' words for "I have these already" (backend.md 1.4 and the older aktualizr.md 2.5). */
const alreadyRegistered = ['ecu_already_registered', 'device_already_registered', 'ecu_replacement_disabled'];

/**
 * `POST <director>/ecus`, once for a list (aktualizr.md 2.5). The intention is kept first: when the server then says
 * that it has these ECUs already, it was our own earlier try whose answer was lost.
 * @throws SotaError ECU_ALREADY_REGISTERED, PROVISIONING_REFUSED, HTTP_STATUS and the network's.
 */
export async function registerEcus(parts: {
  readonly state: StateStore;
  readonly http: Http;
  readonly endpoint: string;
  readonly ecu: EcuIdentity;
}): Promise<void> {
  const { state, http, endpoint, ecu } = parts;
  const body = JSON.stringify({
    primary_ecu_serial: ecu.serial,
    ecus: [
      {
        ecu_serial: ecu.serial,
        hardware_identifier: ecu.hardwareId,
        clientKey: { keytype: ecu.key.keyType, keyval: { public: ecu.key.publicValue } },
      },
    ],
  });
  if (state.values.get('registeredEcus') === body) return;
  const isRepeated = state.values.get('intendedEcus') === body;
  state.values.set('intendedEcus', body);
  const reply = await http.request({
    method: 'POST',
    url: endpoint,
    body,
    contentType: 'application/json',
    maximumBytes: mostReplyBytes,
    deadlineSeconds,
  });
  const { code } = serverError(reply);
  const isOurs = reply.status === 409 && alreadyRegistered.includes(code) && isRepeated;
  if (!isSuccess(reply) && !isOurs) {
    const cause = statusError(`POST ${endpoint}`, reply);
    if (reply.status >= 500 || reply.status === 429) throw cause;
    // A refusal is no lost answer: the next 409 must not be taken for our own doing.
    state.values.set('intendedEcus', '');
    const refused = reply.status === 409 ? 'ECU_ALREADY_REGISTERED' : 'PROVISIONING_REFUSED';
    throw new SotaError(refused, { message: cause.message, cause });
  }
  state.values.set('registeredEcus', body);
}
