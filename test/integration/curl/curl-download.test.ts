import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import { CurlHttpFactory } from '../../../src/adapters/curl/curl-http-factory.js';
import type { CurlSettings } from '../../../src/adapters/curl/curl-settings.js';
import type { DownloadRequest, Http, TlsIdentity } from '../../../src/ports/http.js';
import { startHttpsServer, type HttpsServerOptions, type RunningHttpsServer } from '../../support/tls/https-server.js';
import { makeTestIdentities } from '../../support/tls/test-authority.js';

const identities = makeTestIdentities();
const device: TlsIdentity = {
  certificateAuthorities: identities.serverAuthority.certificate,
  clientCertificate: identities.device.certificate,
  clientKey: identities.device.key,
};

const file = randomBytes(3_000_000);
const sha256 = createHash('sha256').update(file).digest('hex');
const sha512 = createHash('sha512').update(file).digest('hex');

/** Serves the file with ranges, as RFC 9110 has it. */
function serveFile(request: IncomingMessage, response: ServerResponse, tag = '"one"'): void {
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const condition = request.headers['if-range'];
  if (from === 0 || (condition !== undefined && condition !== tag)) {
    response.writeHead(200, { etag: tag, 'content-length': file.length }).end(file);
    return;
  }
  response.writeHead(206, {
    etag: tag,
    'content-length': file.length - from,
    'content-range': `bytes ${from}-${file.length - 1}/${file.length}`,
  });
  response.end(file.subarray(from));
}

describe('a download by curl', () => {
  const cleanups: (() => unknown)[] = [];
  let folder: string;
  let partPath: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sotad-download-'));
    partPath = join(folder, 'file.part');
  });
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
    rmSync(folder, { recursive: true, force: true });
  });

  const client = (settings: Partial<CurlSettings> = {}): Http & { close(): void } => {
    const http = new CurlHttpFactory({ version: '1', ...settings }).create(device);
    cleanups.push(() => http.close());
    return http;
  };
  const serve = async (
    handle: HttpsServerOptions['handle'],
    options: Partial<HttpsServerOptions> = {},
  ): Promise<RunningHttpsServer> => {
    const server = await startHttpsServer({
      certificate: identities.server,
      clientAuthority: identities.deviceAuthority,
      handle,
      ...options,
    });
    cleanups.push(() => server.close());
    return server;
  };
  const download = (
    url: string,
    more: Partial<DownloadRequest> = {},
    settings?: Partial<CurlSettings>,
  ): Promise<void> =>
    client(settings).download({
      url,
      partPath,
      expectedBytes: file.length,
      expectedHashes: { sha256, sha512 },
      ...more,
    });
  const isWhole = (): boolean => readFileSync(partPath).equals(file);

  it('fetches a file, tells its progress, and leaves nothing beside it', async () => {
    const server = await serve(serveFile);
    const told: number[] = [];
    await download(server.url, { onProgress: (bytes) => told.push(bytes) });
    expect(isWhole()).toBe(true);
    expect(told.at(-1)).toBe(file.length);
    expect(told).toEqual([...told].sort((one, other) => one - other));
    expect(statSync(partPath).mode & 0o777).toBe(0o600);
    expect(existsSync(`${partPath}.etag`)).toBe(false);
  });

  it('asks for nothing when the file is there already, and makes an empty one without asking', async () => {
    const server = await serve(serveFile);
    writeFileSync(partPath, file);
    await download(server.url);
    rmSync(partPath);
    const empty = createHash('sha256').digest('hex');
    await download(server.url, { expectedBytes: 0, expectedHashes: { sha256: empty } });
    expect(readFileSync(partPath)).toHaveLength(0);
    expect(server.requests).toEqual([]);
  });

  it('goes on where it was cut, with the entity tag', async () => {
    const ranges: (string | undefined)[] = [];
    const server = await serve((request, response) => {
      ranges.push(request.headers.range, request.headers['if-range'] as string | undefined);
      if (request.headers.range !== undefined) {
        serveFile(request, response);
        return;
      }
      response.writeHead(200, { etag: '"one"', 'content-length': file.length });
      response.write(file.subarray(0, 1_000_000), () => response.socket?.destroy());
    });
    await expect(download(server.url)).rejects.toMatchObject({
      code: 'DOWNLOAD_FAILED',
      cause: { code: 'NETWORK_UNREACHABLE' },
    });
    const kept = statSync(partPath).size;
    expect(kept).toBeGreaterThan(0);
    await download(server.url);
    expect(isWhole()).toBe(true);
    expect(ranges).toEqual([undefined, undefined, `bytes=${kept}-`, '"one"']);
  });

  it('goes on where it was cut through a proxy as well, whose own reply is not that of the server', async () => {
    const server = await serve(serveFile);
    const proxy = createServer();
    proxy.on('connect', (_request: IncomingMessage, socket: Duplex) => {
      const tunnel = connect(server.port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        tunnel.pipe(socket).pipe(tunnel);
      });
      tunnel.on('error', () => socket.destroy());
      socket.on('error', () => tunnel.destroy());
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => proxy.close());
    const beginning = 1_000_000;
    writeFileSync(partPath, file.subarray(0, beginning));
    const told: number[] = [];
    await download(
      server.url,
      { onProgress: (bytes) => told.push(bytes) },
      { proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` },
    );
    expect(isWhole()).toBe(true);
    expect(told[0]).toBeGreaterThan(beginning);
  });

  it('begins anew when the file on the server became another one meanwhile', async () => {
    const server = await serve((request, response) => serveFile(request, response, '"two"'));
    writeFileSync(partPath, Buffer.alloc(1_000));
    writeFileSync(`${partPath}.etag`, '"one"');
    await download(server.url);
    expect(isWhole()).toBe(true);
    expect(server.requests).toHaveLength(1);
  });

  it('begins anew by itself when what was kept proves to be wrong', async () => {
    const server = await serve(serveFile);
    writeFileSync(partPath, Buffer.alloc(1_000_000));
    await download(server.url);
    expect(isWhole()).toBe(true);
    writeFileSync(partPath, Buffer.alloc(file.length));
    await download(server.url);
    expect(isWhole()).toBe(true);
    writeFileSync(partPath, Buffer.alloc(file.length + 1));
    await download(server.url);
    expect(isWhole()).toBe(true);
  });

  it.each([
    [
      'ignores the range',
      (_request: IncomingMessage, response: ServerResponse) => {
        response.writeHead(200, { 'content-length': file.length }).end(file);
      },
    ],
    [
      'refuses the range',
      (request: IncomingMessage, response: ServerResponse) => {
        if (request.headers.range === undefined) serveFile(request, response);
        else response.writeHead(416).end();
      },
    ],
    [
      'answers with another range',
      (request: IncomingMessage, response: ServerResponse) => {
        if (request.headers.range === undefined) serveFile(request, response);
        else response.writeHead(206, { 'content-range': `bytes 0-${file.length - 1}/${file.length}` }).end(file);
      },
    ],
    [
      'answers with a range of another file',
      (request: IncomingMessage, response: ServerResponse) => {
        if (request.headers.range === undefined) serveFile(request, response);
        else
          response
            .writeHead(206, { 'content-range': `bytes 1000-${file.length - 1}/${file.length + 5}` })
            .end(file.subarray(1_000));
      },
    ],
    [
      'answers 206 without a range',
      (request: IncomingMessage, response: ServerResponse) => {
        if (request.headers.range === undefined) serveFile(request, response);
        else response.writeHead(206).end(file.subarray(1_000));
      },
    ],
  ])('gets a whole file from a server that %s', async (_, handle) => {
    const server = await serve(handle);
    writeFileSync(partPath, file.subarray(0, 1_000));
    await download(server.url);
    expect(isWhole()).toBe(true);
  });

  it('gives up on a server that answers 206 to everything', async () => {
    const server = await serve((_, response) => void response.writeHead(206).end(file));
    await expect(download(server.url)).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
    expect(server.requests.length).toBeLessThan(5);
  });

  it('deletes what has the right length and another hash', async () => {
    const server = await serve((_, response) => void response.end(Buffer.alloc(file.length)));
    await expect(download(server.url)).rejects.toMatchObject({ code: 'DOWNLOAD_CORRUPT' });
    expect(existsSync(partPath)).toBe(false);
    const other = await serve(serveFile);
    const wrong = { sha256, sha512: '0'.repeat(128) };
    await expect(download(other.url, { expectedHashes: wrong })).rejects.toMatchObject({ code: 'DOWNLOAD_CORRUPT' });
    expect(existsSync(partPath)).toBe(false);
  });

  it('takes not one byte over the signed length, announced or not', async () => {
    const server = await serve((request, response) => {
      if (request.url === '/announced') response.setHeader('content-length', file.length + 1);
      response.write(file);
      response.end('x');
    });
    for (const path of ['/announced', '/endless']) {
      await expect(download(server.url + path)).rejects.toMatchObject({ code: 'DOWNLOAD_CORRUPT' });
      expect(existsSync(partPath)).toBe(false);
    }
  });

  it('keeps a file that ended too early, to go on later', async () => {
    const server = await serve((_, response) => void response.end(file.subarray(0, 500)));
    await expect(download(server.url)).rejects.toMatchObject({ code: 'DOWNLOAD_CORRUPT' });
    const chunked = await serve((_, response) => {
      response.write(file.subarray(0, 500));
      response.end();
    });
    await expect(download(chunked.url)).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
    expect(statSync(partPath).size).toBe(500);
  });

  it('says which status came instead of the file, and keeps what it has', async () => {
    const server = await serve((_, response) => void response.writeHead(503).end('x'.repeat(10_000_000)));
    writeFileSync(partPath, file.subarray(0, 1_000));
    await expect(download(server.url)).rejects.toMatchObject({
      code: 'HTTP_STATUS',
      message: expect.stringContaining('503') as string,
    });
    expect(statSync(partPath).size).toBe(1_000);
  });

  it('ends a body of one byte at a time as stalled', async () => {
    const timers: NodeJS.Timeout[] = [];
    cleanups.push(() => timers.forEach(clearInterval));
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': file.length });
      timers.push(setInterval(() => response.write('x'), 100));
    });
    await expect(download(server.url, {}, { lowSpeedSeconds: 1 })).rejects.toMatchObject({ code: 'NETWORK_STALLED' });
  });

  it('refuses an encoded file', async () => {
    const server = await serve((_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end('x'));
    await expect(download(server.url)).rejects.toMatchObject({ code: 'HTTP_BAD_REPLY' });
  });

  describe('that is redirected', () => {
    it('follows five times, and no more', async () => {
      const server = await serve((request, response) => {
        const left = Number(request.url?.slice(1));
        if (left === 0) serveFile(request, response);
        else response.writeHead(302, { location: `/${left - 1}` }).end();
      });
      await download(`${server.url}/5`);
      expect(isWhole()).toBe(true);
      rmSync(partPath);
      await expect(download(`${server.url}/6`)).rejects.toMatchObject({ code: 'HTTP_BAD_REPLY' });
    });

    it.each(['file:///etc/passwd', 'http://127.0.0.1:1/', 'ftp://127.0.0.1/', 'https://', 'gopher://x/'])(
      'does not go to %s',
      async (location) => {
        const server = await serve((_, response) => void response.writeHead(302, { location }).end());
        for (const allowHttp of [false, true]) {
          await expect(download(server.url, {}, { allowHttp })).rejects.toMatchObject({ code: 'HTTP_BAD_REPLY' });
        }
      },
    );

    it('shows its certificate to the first origin only', async () => {
      const strict = await serve(serveFile);
      const names: (string | undefined)[] = [];
      const open = await serve(
        (request, response) => {
          const socket = request.socket as unknown as TLSSocket;
          const shown = socket.getPeerCertificate() as { subject?: { CN: string } };
          names.push(shown.subject?.CN);
          serveFile(request, response);
        },
        { tls: { rejectUnauthorized: false } },
      );
      const lure = await serve((request, response) => {
        response.writeHead(302, { location: request.url === '/open' ? open.url : strict.url }).end();
      });
      await download(`${lure.url}/open`);
      expect(names).toEqual([undefined]);
      await download(open.url, { partPath: join(folder, 'direct') });
      expect(names).toEqual([undefined, 'test-device']);
      await download(open.url, { partPath: join(folder, 'foreign'), credentialUrl: strict.url });
      expect(names).toEqual([undefined, 'test-device', undefined]);
      rmSync(partPath);
      await expect(download(`${lure.url}/strict`)).rejects.toMatchObject({ code: 'TLS_CLIENT_REFUSED' });
    });
  });

  it('can be cancelled within two seconds, and goes on later', async () => {
    const server = await serve((request, response) => {
      if (request.headers.range !== undefined) serveFile(request, response);
      else response.writeHead(200, { 'content-length': file.length }).write(file.subarray(0, 100_000));
    });
    const controller = new AbortController();
    let abortedAt = 0;
    setTimeout(() => {
      abortedAt = Date.now();
      controller.abort();
    }, 300);
    await expect(download(server.url, { signal: controller.signal })).rejects.toMatchObject({ code: 'ABORTED' });
    expect(Date.now() - abortedAt).toBeLessThan(2_000);
    await download(server.url);
    expect(server.requests).toHaveLength(2);
    expect(isWhole()).toBe(true);
  });

  it('hands on what its callback throws', async () => {
    const server = await serve(serveFile);
    const onProgress = (): void => {
      throw new Error('of the caller');
    };
    await expect(download(server.url, { onProgress })).rejects.toThrow('of the caller');
  });

  it('does not follow a link in the place of the part file, nor write where it may not', async () => {
    const server = await serve(serveFile);
    symlinkSync('/dev/null', partPath);
    await expect(download(server.url)).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    await expect(download(server.url, { partPath: join(folder, 'no', 'x') })).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
    });
  });
});
