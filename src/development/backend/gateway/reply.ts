// For development only: never part of what runs on a device.
import { randomUUID } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import type { BackendError } from '../backend-error.js';

/** An answer before it is sent, so that faults can change it in one place. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly body: ReplyBody;
}

/** Bytes of `length`, which start at `firstByte` of the whole resource. */
export interface ReplyBody {
  readonly length: number;
  readonly firstByte: number;
  readonly open: () => AsyncIterable<Buffer> | Iterable<Buffer>;
}

export function bytesReply(status: number, bytes: Buffer, contentType: string): Reply {
  return {
    status,
    headers: { 'content-type': contentType },
    body: { length: bytes.length, firstByte: 0, open: () => (bytes.length === 0 ? [] : [bytes]) },
  };
}

export function jsonReply(status: number, value: unknown): Reply {
  return bytesReply(status, Buffer.from(JSON.stringify(value)), 'application/json');
}

/** Signed bytes as they are. */
export function metadataReply(bytes: Buffer): Reply {
  return bytesReply(200, bytes, 'application/json');
}

export function emptyReply(status: number): Reply {
  return { status, headers: {}, body: { length: 0, firstByte: 0, open: () => [] } };
}

/** The error body of this family of services (backend.md 1.11). */
export function errorReply(error: BackendError): Reply {
  return jsonReply(error.status, {
    code: error.code,
    description: error.message,
    cause: error.details,
    errorId: randomUUID(),
  });
}

/** An error page as nginx makes it. */
export function htmlReply(status: number, title: string): Reply {
  const page =
    `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n` +
    '<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n';
  return bytesReply(status, Buffer.from(page), 'text/html');
}

/** What nginx answers (its own status 495) to a client whose certificate it can't verify. */
export function refusedCertificateReply(): Reply {
  return htmlReply(400, '400 The SSL certificate error');
}

export interface FileReplyOptions {
  readonly contentType: string;
  readonly entityTag: string | null;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
}

/** A file, or the one range of it that was asked for: 206, or 416 when it starts behind the end. */
export function fileReply(path: string, options: FileReplyOptions): Reply {
  const size = statSync(path).size;
  const headers: Record<string, string | number> = {
    'content-type': options.contentType,
    'accept-ranges': 'bytes',
    ...(options.entityTag === null ? {} : { etag: options.entityTag }),
  };
  const part = (first: number, end: number) => ({
    length: end - first,
    firstByte: first,
    open: () => (end > first ? (createReadStream(path, { start: first, end: end - 1 }) as AsyncIterable<Buffer>) : []),
  });
  const isStale = options.ifRange !== undefined && options.ifRange !== options.entityTag;
  const range = options.range === undefined || isStale ? null : parseRange(options.range, size);
  if (range === null) {
    return { status: 200, headers, body: part(0, size) };
  }
  if (range === 'unsatisfiable') {
    return { ...emptyReply(416), headers: { 'content-range': `bytes */${size}` } };
  }
  const contentRange = `bytes ${range.first}-${range.end - 1}/${size}`;
  return { status: 206, headers: { ...headers, 'content-range': contentRange }, body: part(range.first, range.end) };
}

/** RFC 9110 14.1.2, one range; anything else is ignored, as the standard allows. */
function parseRange(header: string, size: number): { first: number; end: number } | 'unsatisfiable' | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header.trim());
  const [first, last] = [match?.[1] ?? '', match?.[2] ?? ''];
  if (first === '' && last === '') {
    return null;
  }
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? 'unsatisfiable' : { first: size - length, end: size };
  }
  if (Number(first) >= size) {
    return 'unsatisfiable';
  }
  const end = last === '' ? size : Math.min(Number(last) + 1, size);
  return end <= Number(first) ? null : { first: Number(first), end };
}
