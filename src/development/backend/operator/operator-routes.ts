// For development only: never part of what runs on a device.
import type { Readable } from 'node:stream';
import type { JsonReader } from '../../../domain/json/json-reader.js';
import type { Backend } from '../backend.js';
import { BackendError } from '../backend-error.js';
import { parseBody, readBody } from '../devices/request-json.js';
import { readFault } from '../faults/read-rule.js';
import { roleNames, type RoleName } from '../settings.js';
import { deviceDetail, deviceSummary } from './device-report.js';

export interface OperatorRequest {
  /** Parts of the path that the route names, decoded. */
  readonly parameters: readonly string[];
  readonly query: URLSearchParams;
  readonly stream: Readable;
  readonly body: () => Promise<Buffer>;
}

type Handler = (backend: Backend, request: OperatorRequest) => unknown;

interface Route {
  readonly method: string;
  /** `*` stands for one part. */
  readonly path: string;
  readonly handle: Handler;
}

const routes: readonly Route[] = [
  { method: 'GET', path: '/devices', handle: (backend) => backend.devices.list().map(deviceSummary) },
  {
    method: 'GET',
    path: '/devices/*',
    handle: (backend, request) => deviceDetail(backend.devices, deviceOf(backend, request)),
  },
  { method: 'DELETE', path: '/devices/*', handle: forget },
  {
    method: 'GET',
    path: '/devices/*/manifests',
    handle: (backend, request) => backend.devices.manifestsOf(deviceOf(backend, request).uuid).list(),
  },
  { method: 'POST', path: '/devices/*/assignments', handle: assign },
  { method: 'DELETE', path: '/devices/*/assignments', handle: cancel },
  { method: 'GET', path: '/targets', handle: (backend) => backend.image.targets() },
  { method: 'POST', path: '/targets/ostree', handle: publishTree },
  { method: 'POST', path: '/targets/binary', handle: publishBinary },
  { method: 'POST', path: '/roots', handle: rotateRoot },
  { method: 'GET', path: '/faults', handle: (backend) => backend.faults.list() },
  { method: 'POST', path: '/faults', handle: addFault },
  { method: 'DELETE', path: '/faults', handle: clearFaults },
  { method: 'DELETE', path: '/faults/*', handle: removeFault },
  {
    method: 'GET',
    path: '/requests',
    handle: (backend, request) => backend.requests.list(Number(request.query.get('after') ?? 0)),
  },
];

export function findRoute(
  method: string,
  path: string,
): { readonly handle: Handler; readonly parameters: readonly string[] } | null {
  const parts = path.split('/');
  for (const route of routes) {
    const wanted = route.path.split('/');
    if (route.method !== method || wanted.length !== parts.length) {
      continue;
    }
    if (wanted.every((part, index) => part === '*' || part === parts[index])) {
      const parameters = parts.filter((_, index) => wanted[index] === '*').map(decode);
      return { handle: route.handle, parameters };
    }
  }
  return null;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new BackendError(400, 'invalid_path', `${JSON.stringify(part)} can't be decoded`);
  }
}

function deviceOf(backend: Backend, request: OperatorRequest) {
  return backend.devices.require(request.parameters[0] ?? '');
}

function forget(backend: Backend, request: OperatorRequest): unknown {
  const device = deviceOf(backend, request);
  backend.devices.forget(device);
  return { uuid: device.uuid };
}

async function assign(backend: Backend, request: OperatorRequest): Promise<unknown> {
  const order = readBody(parseBody(await request.body()), (reader) => ({
    target: reader.member('target').text(),
    ecu: reader.optional('ecu')?.text(64) ?? null,
  }));
  const device = deviceOf(backend, request);
  const target = backend.image.target(order.target);
  if (target === null) {
    throw new BackendError(404, 'missing_entity', `no target ${JSON.stringify(order.target)} is published`);
  }
  return backend.director.assign(device, target, order.ecu);
}

function cancel(backend: Backend, request: OperatorRequest): unknown {
  return backend.director.cancel(deviceOf(backend, request), request.query.get('force') === 'true');
}

async function publishTree(backend: Backend, request: OperatorRequest): Promise<unknown> {
  const order = readBody(parseBody(await request.body()), (reader) => ({
    repository: reader.member('repository').text(),
    ref: reader.member('ref').text(),
    name: reader.optional('name')?.text() ?? null,
    version: reader.optional('version')?.text() ?? null,
    hardwareIds: readTexts(reader.member('hardwareIds')),
  }));
  if (order.hardwareIds.length === 0) {
    throw new BackendError(400, 'invalid_target', 'a target needs at least one hardware id');
  }
  const { commit, ref } = await backend.treehub.publish(order.repository, order.ref);
  const name = order.name ?? ref ?? 'commit';
  const version = order.version ?? commit;
  const { hardwareIds } = order;
  return backend.image.publishTree({ filename: `${name}-${version}`, name, version, hardwareIds }, commit);
}

async function publishBinary(backend: Backend, request: OperatorRequest): Promise<unknown> {
  const { query } = request;
  const name = query.get('name') ?? '';
  const version = query.get('version') ?? '';
  if (name === '' || version === '') {
    throw new BackendError(400, 'invalid_target', 'a binary target needs name and version');
  }
  const filename = query.get('filename') ?? `${name}-${version}`;
  const hardwareIds = query.getAll('hardwareId');
  return backend.image.publishBinary({ filename, name, version, hardwareIds }, request.stream);
}

async function rotateRoot(backend: Backend, request: OperatorRequest): Promise<unknown> {
  const order = readBody(parseBody(await request.body()), (reader) => {
    const repository = reader.member('repository').text();
    if (repository !== 'director' && repository !== 'image') {
      reader.member('repository').refuse('must be director or image');
    }
    const roles = reader.optional('roles');
    return { repository, roles: roles === null ? (['root'] as const) : readRoles(roles) };
  });
  const rotated = order.repository === 'director' ? backend.director : backend.image;
  return { repository: order.repository, version: rotated.rotateRoot(order.roles) };
}

function readRoles(reader: JsonReader): readonly RoleName[] {
  return reader
    .elements(4)
    .map(
      (one) => roleNames.find((name) => name === one.text()) ?? one.refuse(`must be one of ${roleNames.join(', ')}`),
    );
}

function readTexts(reader: JsonReader): readonly string[] {
  return reader.elements(100).map((one) => one.text(200));
}

async function addFault(backend: Backend, request: OperatorRequest): Promise<unknown> {
  return backend.faults.add(readBody(parseBody(await request.body()), readFault));
}

function clearFaults(backend: Backend): unknown {
  backend.faults.clear();
  return {};
}

function removeFault(backend: Backend, request: OperatorRequest): unknown {
  const id = request.parameters[0] ?? '';
  if (!backend.faults.remove(id)) {
    throw new BackendError(404, 'missing_entity', `no fault ${JSON.stringify(id)}`);
  }
  return { id };
}
