import { SotaError } from '../domain/errors/sota-error.js';
import { readJson } from '../domain/json/json-reader.js';
import { parseStrictJson } from '../domain/json/strict-parser.js';
import type { HttpReply } from '../ports/http.js';

/** aktualizr's rule for every answer (aktualizr.md 2.3), without its redirects: they never mean success here. */
export function isSuccess(reply: HttpReply): boolean {
  return reply.status >= 200 && reply.status < 300;
}

/** The error body of the servers (backend.md 1.11); empty texts when it is something else, such as a gateway's HTML. */
export interface ServerError {
  readonly code: string;
  readonly description: string;
}

const longestText = 500;

export function serverError(reply: HttpReply): ServerError {
  const nothing = { code: '', description: '' };
  const document = parseStrictJson(reply.body);
  if (!document.ok) return nothing;
  const read = readJson(document.value, (reader) => ({
    code: (reader.optional('code')?.text() ?? '').slice(0, longestText),
    description: (reader.optional('description')?.text() ?? '').slice(0, longestText),
  }));
  return read.ok ? read.value : nothing;
}

/** `Retry-After` in seconds, where the server sent one: a number, or a date, which its own clock explains (RFC 9110 10.2.3). */
export function retryAfterSeconds(reply: HttpReply): number | null {
  const text = reply.headers.get('retry-after');
  if (text === undefined) return null;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const seconds = (Date.parse(text) - Date.parse(reply.headers.get('date') ?? '')) / 1000;
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
}

/** Will the same request do better later? Nothing in it is wrong, as far as the status says. */
export function isTransientStatus(status: number): boolean {
  return status < 400 || status >= 500 || status === 408 || status === 429;
}

/** The pages of nginx for a client certificate that it can't verify, or misses; sent with 400 (its 495 and 496). */
const certificatePage = /<title>400 (The SSL certificate error|No required SSL certificate was sent)/;

/**
 * Did the gateway refuse this device's certificate? Most gateways complete the handshake and answer so; it says nothing
 * about what was asked.
 */
export function isCertificateRefused({ status, body }: HttpReply): boolean {
  if (status === 495 || status === 496) return true;
  return status === 400 && certificatePage.test(body.subarray(0, 1024).toString('latin1'));
}

/** Does the failure say nothing about what was asked: a server in trouble, or one that refuses this device as such? */
export function isServersOwn(reply: HttpReply): boolean {
  return isTransientStatus(reply.status) || isCertificateRefused(reply);
}

/** A status that means failure, as an error that names what was asked: HTTP_STATUS or TLS_CLIENT_REFUSED. */
export function statusError(what: string, reply: HttpReply): SotaError {
  if (isCertificateRefused(reply)) {
    return new SotaError('TLS_CLIENT_REFUSED', {
      message: `${what}: the server refused the certificate of this device`,
    });
  }
  const { code, description } = serverError(reply);
  const said = code === '' ? '' : `: ${code}${description === '' ? '' : ` (${description})`}`;
  return new SotaError('HTTP_STATUS', { message: `${what}: the server answered ${reply.status}${said}` });
}
