import { SotaError } from '../domain/errors/sota-error.js';
import { readJson } from '../domain/json/json-reader.js';
import { parseStrictJson } from '../domain/json/strict-parser.js';
import type { Http } from '../ports/http.js';
import type { StateStore } from '../ports/journal.js';
import type { SigningKey } from '../ports/keys.js';
import { isServersOwn, isSuccess, serverError, statusError } from './server-reply.js';

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

/** The primary as it was registered; null when it never was. */
export function registeredEcu(state: StateStore): { readonly serial: string; readonly hardwareId: string } | null {
  const document = parseStrictJson(new TextEncoder().encode(state.values.get('registeredEcus') ?? ''));
  if (!document.ok) return null;
  const primary = readJson(document.value, (reader) => {
    const serial = reader.member('primary_ecu_serial').text();
    const own = reader
      .member('ecus')
      .elements()
      .find((ecu) => ecu.member('ecu_serial').text() === serial);
    return own === undefined ? null : { serial, hardwareId: own.member('hardware_identifier').text() };
  });
  return primary.ok ? primary.value : null;
}

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
  const registered = state.values.get('registeredEcus');
  if (registered === body) return;
  const isRepeated = state.values.get('intendedEcus') === body;
  // A serial that is the key's own id: whoever registered it registered this key (our state may have been lost).
  const isOwnKey = registered === null && ecu.serial === ecu.key.keyId;
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
  const isOurs = reply.status === 409 && alreadyRegistered.includes(code) && (isRepeated || isOwnKey);
  if (!isSuccess(reply) && !isOurs) {
    const cause = statusError(`POST ${endpoint}`, reply);
    if (isServersOwn(reply)) throw cause;
    // A refusal is no lost answer: the next 409 must not be taken for our own doing.
    state.values.set('intendedEcus', '');
    const refused = reply.status === 409 ? 'ECU_ALREADY_REGISTERED' : 'PROVISIONING_REFUSED';
    throw new SotaError(refused, { message: cause.message, cause });
  }
  state.values.set('registeredEcus', body);
}
