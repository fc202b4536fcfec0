// For development only: never part of what runs on a device.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { setTimeout as wait } from 'node:timers/promises';
import type { Backend } from '../backend.js';
import { BackendError } from '../backend-error.js';
import { newDevice, provisionDevice } from '../devices/provisioning.js';
import type { DeviceRecord } from '../devices/device-record.js';
import type { ExchangeAction } from '../faults/rule.js';
import { formatTime } from '../metadata/role-document.js';
import { textOf } from '../storage/file-errors.js';
import { identify, type ClientIdentity } from './client-identity.js';
import { serveDevice } from './device-routes.js';
import { readWholeBody } from './read-body.js';
import { bytesReply, errorReply, htmlReply, refusedCertificateReply, type Reply } from './reply.js';
import { replacementReply } from './replacement-reply.js';
import { sendReply } from './send-reply.js';

/**
 * The device gateway: TLS with client certificates, one URL for everything a device needs (backend.md 1.1).
 * Node's own https and no framework: the faults need the bare response and socket (cut in mid-body, never ending,
 * reset before the headers, another certificate for one connection), and a framework would have to be bypassed there.
 */
export function createGateway(backend: Backend): Server {
  const { authorities } = backend;
  const trueCertificate = {
    key: authorities.server.privateKey,
    cert: `${authorities.server.certificate}${authorities.serverAuthority.certificate}`,
    ca: authorities.deviceAuthority.certificate,
  };
  const foreignCertificate = {
    ...trueCertificate,
    key: authorities.foreignServer.privateKey,
    cert: authorities.foreignServer.certificate,
  };
  // Refusals are answered by the application, as nginx does with an HTML page, so the handshake lets everyone in.
  const options = { ...trueCertificate, requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.2' as const };
  const server = createServer({ ...options, keepAliveTimeout: 65_000 }, (request, response) => {
    void serve(backend, request, response);
  });
  let isForeign = false;
  server.prependListener('connection', () => {
    const wantsForeign = backend.faults.strikeConnection();
    // Only at a change: a new context also makes old sessions worthless.
    if (wantsForeign !== isForeign) {
      isForeign = wantsForeign;
      server.setSecureContext(wantsForeign ? foreignCertificate : trueCertificate);
    }
  });
  // Kept connections would never see another certificate.
  backend.faults.onChange(() => server.closeIdleConnections());
  return server;
}

async function serve(backend: Backend, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const method = request.method ?? 'GET';
  const path = pathOf(request);
  const identity = identify(request);
  const device = identity.kind === 'device' ? identity.uuid : null;
  const fault = backend.faults.strikeExchange({ method, path, device });
  let status: number | null = null;
  try {
    if (fault?.kind === 'drop') {
      request.socket.destroy();
    } else if (fault?.kind === 'hang') {
      await new Promise<void>((resolve) => response.once('close', resolve));
    } else {
      if (fault?.kind === 'latency') {
        await wait(fault.milliseconds);
      }
      // What a fault answers must not change anything behind it.
      const reply = replacementReply(fault) ?? (await answer(backend, request, path, identity, fault));
      status = reply.status;
      if (fault?.kind === 'loseReply') {
        request.socket.destroy();
      } else {
        await sendReply(response, method, reply, fault);
      }
    }
  } catch (error) {
    backend.settings.log(`${method} ${path}: ${textOf(error)}`);
    response.destroy();
  } finally {
    const time = formatTime(backend.settings.now());
    backend.requests.add({ time, method, path, status, device, fault: fault?.kind ?? null });
  }
}

async function answer(
  backend: Backend,
  request: IncomingMessage,
  path: string,
  identity: ClientIdentity,
  fault: ExchangeAction | null,
): Promise<Reply> {
  try {
    return await answerOrRefuse(backend, request, path, identity, fault);
  } catch (error) {
    // An unread rest of the body would be taken for the next request.
    request.resume();
    if (error instanceof BackendError) {
      return errorReply(error);
    }
    backend.settings.log(
      `a bug at ${request.method ?? ''} ${path}: ${error instanceof Error ? (error.stack ?? '') : textOf(error)}`,
    );
    return errorReply(new BackendError(500, 'internal_server_error', textOf(error)));
  }
}

async function answerOrRefuse(
  backend: Backend,
  request: IncomingMessage,
  path: string,
  identity: ClientIdentity,
  fault: ExchangeAction | null,
): Promise<Reply> {
  const method = request.method ?? 'GET';
  if (identity.kind === 'none') {
    return htmlReply(400, '400 No required SSL certificate was sent');
  }
  if (identity.kind === 'unknown') {
    backend.settings.log(`a client certificate was refused: ${identity.reason}`);
    return refusedCertificateReply();
  }
  const body = (maximumBytes: number): Promise<Buffer> => readWholeBody(request, maximumBytes);
  if (path === '/devices') {
    if (identity.kind !== 'provisioning') {
      throw new BackendError(403, 'forbidden', 'only the shared credential may provision');
    }
    if (method !== 'POST') {
      throw new BackendError(405, 'method_not_allowed', 'only POST /devices');
    }
    const { devices, authorities, settings } = backend;
    const packed = await provisionDevice(await body(64 * 1024), devices, authorities, settings.now());
    return bytesReply(200, packed, 'application/x-pkcs12');
  }
  if (identity.kind === 'provisioning') {
    throw new BackendError(403, 'forbidden', 'the shared credential may provision and nothing else');
  }
  return serveDevice(backend, {
    method,
    path,
    device: deviceOf(backend, identity.uuid),
    range: fault?.kind === 'noRange' ? undefined : request.headers.range,
    ifRange: textHeader(request.headers['if-range']),
    body,
  });
}

const uuidForm = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A certificate of our authority whose device isn't known makes one, as the real servers do (aktualizr.md 2.4). */
function deviceOf(backend: Backend, uuid: string): DeviceRecord {
  if (!uuidForm.test(uuid)) {
    throw new BackendError(404, 'missing_entity', 'the common name of the certificate is not a UUID');
  }
  const known = backend.devices.find(uuid);
  if (known !== null) {
    return known;
  }
  const made = newDevice(uuid, uuid, formatTime(backend.settings.now()));
  backend.devices.save(made);
  return made;
}

/** The path without the query, percent-decoded; as it came where it can't be decoded. */
function pathOf(request: IncomingMessage): string {
  const raw = (request.url ?? '/').split('?', 1)[0] ?? '/';
  try {
    return decodeURIComponent(raw);
  } catch {
    // Names nothing that is here: the routes answer 404.
    return raw;
  }
}

function textHeader(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
