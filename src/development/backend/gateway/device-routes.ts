// For development only: never part of what runs on a device.
import type { Backend } from '../backend.js';
import { BackendError } from '../backend-error.js';
import { applyManifest } from '../devices/assignment-effects.js';
import type { DeviceRecord } from '../devices/device-record.js';
import { registerEcus } from '../devices/ecu-registration.js';
import { verifyManifest } from '../devices/manifest.js';
import { parseBody, readBody, toPlain } from '../devices/request-json.js';
import { formatTime } from '../metadata/role-document.js';
import type { Alteration } from '../metadata/alteration.js';
import type { RepositoryName, RoleName } from '../settings.js';
import { bytesReply, emptyReply, fileReply, jsonReply, metadataReply, type Reply } from './reply.js';

/** A request of an authenticated device. */
export interface DeviceRequest {
  readonly method: string;
  /** Percent-decoded. */
  readonly path: string;
  readonly device: DeviceRecord;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  /** Reads the body, at most so many bytes. */
  readonly body: (maximumBytes: number) => Promise<Buffer>;
}

const kibibyte = 1024;
const roleForm = /^(targets|snapshot|timestamp)\.json$/;
const rootForm = /^(?:([1-9][0-9]{0,8})\.)?root\.json$/;

/** All that a device may ask for (backend.md 1.1), except provisioning. */
export async function serveDevice(backend: Backend, request: DeviceRequest): Promise<Reply> {
  const [, place = '', rest = ''] = /^\/([^/]+)\/?(.*)$/s.exec(request.path) ?? [];
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  switch (place) {
    case 'director':
      return isRead ? serveRole(backend, request, 'director', rest) : serveDirectorWrite(backend, request, rest);
    case 'repo':
      return isRead ? serveImageRepository(backend, request, rest) : notFound(request);
    case 'treehub':
      return isRead ? serveTreehub(backend, request, rest) : notFound(request);
    case 'events':
      return rest === '' && request.method === 'POST' ? keepEvents(backend, request) : notFound(request);
    case 'system_info':
    case 'core':
      return isRead ? notFound(request) : keepDeviceData(backend, request, place, rest);
    default:
      return notFound(request);
  }
}

async function serveDirectorWrite(backend: Backend, request: DeviceRequest, rest: string): Promise<Reply> {
  const { device } = request;
  if (request.method === 'POST' && rest === 'ecus') {
    const body = await request.body(1024 * kibibyte);
    const status = registerEcus(body, device, {
      allowReplacement: backend.settings.allowEcuReplacement,
      now: backend.settings.now(),
    });
    if (status === 201) {
      backend.settings.log(`device ${device.uuid} (${device.deviceId}) registered ${device.ecus.length} ECUs`);
    }
    backend.devices.save(device);
    return jsonReply(status, {});
  }
  if (request.method === 'PUT' && rest === 'manifest') {
    return takeManifest(backend, request);
  }
  return notFound(request);
}

async function takeManifest(backend: Backend, request: DeviceRequest): Promise<Reply> {
  const { device } = request;
  const document = parseBody(await request.body(1024 * kibibyte));
  const manifest = verifyManifest(document, device);
  const receivedAt = formatTime(backend.settings.now());
  const effect = applyManifest(device, manifest, receivedAt);
  device.manifestNumber += 1;
  device.lastManifestAt = receivedAt;
  // The manifest first: a number that the record names is then always there.
  backend.devices
    .manifestsOf(device.uuid)
    .append({ number: device.manifestNumber, receivedAt, manifest: toPlain(document), effect });
  backend.devices.save(device);
  backend.settings.log(`device ${device.uuid} sent manifest ${device.manifestNumber}: ${effect}`);
  return jsonReply(200, {});
}

function serveRole(backend: Backend, request: DeviceRequest, repository: RepositoryName, name: string): Reply {
  const root = rootForm.exec(name);
  if (root !== null) {
    return serveRoot(backend, request, repository, root[1] === undefined ? null : Number(root[1]));
  }
  const role = roleForm.exec(name)?.[1] as Exclude<RoleName, 'root'> | undefined;
  if (role === undefined) {
    return notFound(request);
  }
  const subject = { method: request.method, path: request.path, device: request.device.uuid };
  const alteration = (): Alteration | null => backend.faults.strikeMetadata(subject, repository);
  if (repository === 'image') {
    return metadataReply(backend.image.role(role, alteration));
  }
  if (request.device.registeredAt === null) {
    throw new BackendError(404, 'missing_entity', 'this device has not registered its ECUs');
  }
  return metadataReply(backend.director.role(request.device, role, alteration));
}

function serveRoot(
  backend: Backend,
  request: DeviceRequest,
  repository: RepositoryName,
  version: number | null,
): Reply {
  const owner = repository === 'director' ? backend.director : backend.image;
  const subject = { method: request.method, path: request.path, device: request.device.uuid };
  const fault = backend.faults.rootFault(subject, repository);
  owner.settleRoot(fault === 'expired');
  const file = version === null ? owner.keeper.newest() : owner.keeper.root(version);
  if (file !== null) {
    return metadataReply(file.bytes);
  }
  const isNext = version === owner.keeper.newest().version + 1;
  return fault === 'badSignature' && isNext ? metadataReply(owner.keeper.spoiledNext()) : notFound(request);
}

function serveImageRepository(backend: Backend, request: DeviceRequest, rest: string): Reply {
  if (!rest.startsWith('targets/')) {
    return serveRole(backend, request, 'image', rest);
  }
  const target = backend.image.target(rest.slice('targets/'.length));
  const path = target === null ? null : backend.image.contentPath(target);
  if (target === null || path === null) {
    return notFound(request);
  }
  return fileReply(path, {
    contentType: 'application/octet-stream',
    entityTag: `"${target.sha256}"`,
    range: request.range,
    ifRange: request.ifRange,
  });
}

function serveTreehub(backend: Backend, request: DeviceRequest, rest: string): Reply {
  const found = backend.treehub.lookUp(rest);
  if (found === null) {
    return notFound(request);
  }
  if ('text' in found) {
    return bytesReply(200, Buffer.from(found.text), 'text/plain');
  }
  return fileReply(found.file, {
    contentType: 'application/octet-stream',
    entityTag: null,
    range: request.range,
    ifRange: request.ifRange,
  });
}

async function keepEvents(backend: Backend, request: DeviceRequest): Promise<Reply> {
  const document = parseBody(await request.body(256 * kibibyte));
  readBody(document, (reader) =>
    reader.elements(1_000).forEach((event) => {
      event.member('id').text(100);
      event.member('deviceTime').text(40);
      event.member('eventType').member('id').text(100);
      event.member('eventType').member('version').integer(0, 1_000);
      event.member('event').members();
    }),
  );
  const log = backend.devices.eventsOf(request.device.uuid);
  const receivedAt = formatTime(backend.settings.now());
  for (const event of toPlain(document) as unknown[]) {
    log.append({ receivedAt, event });
  }
  return emptyReply(204);
}

/** What is kept of device data: method, path, status of success (backend.md 1.10). */
const deviceData = [
  { method: 'PUT', path: '/system_info', status: 200, form: 'json' },
  { method: 'PUT', path: '/system_info/network', status: 204, form: 'json' },
  { method: 'POST', path: '/system_info/config', status: 204, form: 'toml' },
  { method: 'PUT', path: '/system_info/config', status: 204, form: 'toml' },
  { method: 'PUT', path: '/core/installed', status: 204, form: 'json' },
] as const;

async function keepDeviceData(backend: Backend, request: DeviceRequest, place: string, rest: string): Promise<Reply> {
  const path = rest === '' ? `/${place}` : `/${place}/${rest}`;
  const route = deviceData.find((one) => one.method === request.method && one.path === path);
  if (route === undefined) {
    return notFound(request);
  }
  const body = await request.body(1024 * kibibyte);
  const content = route.form === 'toml' ? readConfiguration(body) : readData(body, path);
  backend.devices.keepData(request.device.uuid, path.slice(1), content, formatTime(backend.settings.now()));
  return route.status === 204 ? emptyReply(204) : jsonReply(route.status, {});
}

function readData(body: Buffer, path: string): unknown {
  const document = parseBody(body);
  readBody(document, (reader) => {
    if (path === '/core/installed') {
      reader.elements(20_000).forEach((one) => {
        one.member('name').text();
        one.member('version').text();
      });
    } else if (path === '/system_info/network') {
      ['hostname', 'local_ipv4', 'mac'].forEach((name) => reader.member(name).text());
    } else {
      reader.members();
    }
  });
  return toPlain(document);
}

/** The real server demands these keys and answers 400 without them. */
function readConfiguration(body: Buffer): string {
  const text = body.toString('utf8');
  const sections = new Map<string, string>();
  let section = '';
  for (const line of text.split('\n')) {
    section = /^\s*\[([^\]]+)\]/.exec(line)?.[1] ?? section;
    sections.set(section, `${sections.get(section) ?? ''}${line}\n`);
  }
  const demanded: readonly (readonly [string, RegExp, string])[] = [
    ['pacman', /^\s*type\s*=\s*["']/m, 'a text type'],
    ['uptane', /^\s*polling_sec\s*=\s*[0-9]/m, 'a number polling_sec'],
    ['uptane', /^\s*force_install_completion\s*=\s*(true|false)/m, 'true or false as force_install_completion'],
  ];
  for (const [name, form, words] of demanded) {
    if (!form.test(sections.get(name) ?? '')) {
      throw new BackendError(400, 'invalid_entity', `the configuration lacks ${words} in [${name}]`);
    }
  }
  return text;
}

function notFound(request: DeviceRequest): never {
  throw new BackendError(404, 'missing_entity', `nothing at ${request.method} ${request.path}`);
}
