import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { CurlHttpFactory } from '../../../src/adapters/curl/curl-http-factory.js';
import type { CurlSettings } from '../../../src/adapters/curl/curl-settings.js';
import type { Http, HttpReply, HttpRequest, TlsIdentity } from '../../../src/ports/http.js';
import { startHttpsServer, type HttpsServerOptions, type RunningHttpsServer } from '../../support/tls/https-server.js';
import { makeTestIdentities, TestAuthority } from '../../support/tls/test-authority.js';

const identities = makeTestIdentities();
const device: TlsIdentity = {
  certificateAuthorities: identities.serverAuthority.certificate,
  clientCertificate: identities.device.certificate,
  clientKey: identities.device.key,
};
const day = 24 * 60 * 60 * 1000;

describe('a request by curl', () => {
  const cleanups: (() => unknown)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
  });

  const client = (identity: TlsIdentity = device, settings: Partial<CurlSettings> = {}): Http => {
    const http = new CurlHttpFactory({ version: '1.2.3', ...settings }).create(identity);
    cleanups.push(() => http.close());
    return http;
  };
  const serve = async (
    handle: (request: IncomingMessage, response: ServerResponse) => void,
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
  const get = (http: Http, url: string, more: Partial<HttpRequest> = {}): Promise<HttpReply> =>
    http.request({ method: 'GET', url, maximumBytes: 65_536, deadlineSeconds: 10, ...more });
  /** Sends bytes as they are, as a server may that knows no rules. */
  const raw = (response: ServerResponse, text: string | Buffer): void => void response.socket?.write(text);

  describe('of an honest server', () => {
    it('carries method, body and headers there and back', async () => {
      const seen: { headers: IncomingMessage['headers']; body: string }[] = [];
      const server = await serve((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          seen.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
          response.writeHead(request.method === 'PUT' ? 201 : 404, { 'X-Test': 'a: b', 'Set-Cookie': 'c=1' });
          response.end(Buffer.from([0, 255]));
        });
      });
      const http = client();
      const body = JSON.stringify({ text: 'ä'.repeat(1_500_000) });
      const reply = await get(http, `${server.url}/a?b`, { method: 'PUT', body });
      expect(reply.status).toBe(201);
      expect(reply.body).toEqual(Buffer.from([0, 255]));
      expect(reply.headers.get('x-test')).toBe('a: b');
      expect(Date.parse(reply.headers.get('date') ?? '')).toBeGreaterThan(Date.now() - 60_000);
      await get(http, server.url, { method: 'POST', body: 'a=1', contentType: 'application/toml' });
      expect((await get(http, server.url)).status).toBe(404);
      expect((await get(http, server.url, { method: 'HEAD', maximumBytes: 0 })).body).toHaveLength(0);
      expect(server.requests).toEqual(['PUT /a?b', 'POST /', 'GET /', 'HEAD /']);
      expect(seen[0]?.body === body).toBe(true);
      expect(seen[0]?.headers).toEqual({
        host: `127.0.0.1:${server.port}`,
        'user-agent': 'sotad/1.2.3',
        accept: '*/*',
        'content-type': 'application/json',
        'content-length': String(Buffer.byteLength(body)),
      });
      expect(seen[1]?.headers['content-type']).toBe('application/toml');
      expect(seen[2]?.headers['content-type']).toBeUndefined();
      expect(seen[3]?.headers.cookie).toBeUndefined();
    });

    it('keeps its connection, and resumes the TLS session when that was cut', async () => {
      const server = await serve((_, response) => response.end('x'));
      const http = client();
      for (let round = 0; round < 5; round += 1) await get(http, server.url);
      expect(server.handshakes).toEqual({ full: 1, resumed: 0 });
      expect(server.connections()).toBe(1);
      server.cutConnections();
      await new Promise((resolve) => setTimeout(resolve, 100));
      await get(http, server.url);
      expect(server.handshakes).toEqual({ full: 1, resumed: 1 });
    });

    it('finds it by name, over the kept connection as well', async () => {
      const server = await serve((request, response) => response.end(request.headers.host));
      const http = client();
      for (let round = 0; round < 2; round += 1) {
        const { body } = await get(http, `https://localhost:${server.port}/`);
        expect(body.toString()).toBe(`localhost:${server.port}`);
      }
      expect(server.handshakes).toEqual({ full: 1, resumed: 0 });
    });

    it('does not speak over the connection of another identity', async () => {
      const server = await serve((_, response) => response.end('x'));
      await get(client(), server.url);
      const { certificate, key } = identities.deviceAuthority.issue({ commonName: 'other', usage: 'client' });
      await get(client({ ...device, clientCertificate: certificate, clientKey: key }), server.url);
      expect(server.handshakes).toEqual({ full: 2, resumed: 0 });
    });

    it('runs many at once', async () => {
      const server = await serve((request, response) => response.end(request.url));
      const http = client();
      const urls = Array.from({ length: 100 }, (_, index) => `/${index}`);
      const replies = await Promise.all(urls.map((path) => get(http, `${server.url}${path}`)));
      expect(replies.map(({ body }) => body.toString())).toEqual(urls);
    });

    it('looks at no proxy of the environment', async () => {
      const server = await serve((_, response) => response.end('x'));
      const before = process.env['https_proxy'];
      process.env['https_proxy'] = 'http://127.0.0.1:1';
      try {
        expect((await get(client(), server.url)).status).toBe(200);
        await expect(get(client(device, { proxy: 'http://127.0.0.1:1' }), server.url)).rejects.toMatchObject({
          code: 'NETWORK_UNREACHABLE',
        });
      } finally {
        if (before === undefined) delete process.env['https_proxy'];
        else process.env['https_proxy'] = before;
      }
    });
  });

  describe('of a hostile server', () => {
    it('follows no redirect, to wherever', async () => {
      const server = await serve((request, response) => {
        response.writeHead(302, { location: request.url === '/loop' ? '/loop' : 'file:///etc/passwd' }).end();
      });
      for (const path of ['/loop', '/file']) {
        expect((await get(client(), server.url + path)).status).toBe(302);
      }
      expect(server.requests).toEqual(['GET /loop', 'GET /file']);
    });

    it.each([
      ['content-encoding', 'gzip'],
      ['transfer-encoding', 'gzip, chunked'],
    ])('refuses a bomb by %s', async (header, value) => {
      const bomb = gzipSync(Buffer.alloc(50_000_000));
      const server = await serve((_, response) => {
        raw(response, `HTTP/1.1 200 OK\r\n${header}: ${value}\r\n\r\n`);
        raw(response, bomb);
      });
      await expect(get(client(), server.url)).rejects.toMatchObject({ code: 'HTTP_BAD_REPLY' });
    });

    it('cuts an announced and an endless body at the cap', async () => {
      let sent = 0;
      const server = await serve((request, response) => {
        if (request.url === '/announced') {
          response.writeHead(200, { 'content-length': 65_537 });
          response.end(Buffer.alloc(65_537));
          return;
        }
        const pour = (): void => {
          sent += 16_384;
          if (response.write(Buffer.alloc(16_384))) setImmediate(pour);
          else response.once('drain', pour);
        };
        pour();
      });
      await expect(get(client(), `${server.url}/announced`)).rejects.toMatchObject({ code: 'HTTP_RESPONSE_TOO_LARGE' });
      await expect(get(client(), `${server.url}/endless`)).rejects.toMatchObject({ code: 'HTTP_RESPONSE_TOO_LARGE' });
      expect(sent).toBeLessThan(50_000_000);
      expect((await get(client(), `${server.url}/announced`, { maximumBytes: 65_537 })).body).toHaveLength(65_537);
    });

    it('does not take a short body for a whole one', async () => {
      const server = await serve((_, response) => {
        raw(response, 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort');
        response.socket?.end();
      });
      await expect(get(client(), server.url)).rejects.toMatchObject({ code: 'NETWORK_UNREACHABLE' });
    });

    it('notices a chunked body that breaks off', async () => {
      const server = await serve((_, response) => {
        raw(response, 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nshort\r\n');
        response.socket?.end();
      });
      await expect(get(client(), server.url)).rejects.toMatchObject({ code: 'NETWORK_UNREACHABLE' });
    });

    it('ends a body, and headers, of one byte at a time as stalled', async () => {
      const timers: NodeJS.Timeout[] = [];
      cleanups.push(() => timers.forEach(clearInterval));
      const server = await serve((request, response) => {
        raw(
          response,
          request.url === '/body'
            ? 'HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n'
            : 'HTTP/1.1 200 OK\r\nA: b\r\nX: ',
        );
        timers.push(setInterval(() => raw(response, 'x'), 100));
      });
      const slow = { lowSpeedSeconds: 1 };
      await expect(get(client(device, slow), `${server.url}/body`)).rejects.toMatchObject({ code: 'NETWORK_STALLED' });
      await expect(get(client(device, slow), `${server.url}/head`)).rejects.toMatchObject({ code: 'NETWORK_STALLED' });
      const started = Date.now();
      await expect(get(client(), `${server.url}/body`, { deadlineSeconds: 1 })).rejects.toMatchObject({
        code: 'NETWORK_STALLED',
      });
      expect(Date.now() - started).toBeLessThan(3_000);
    });

    it('waits for a reply only as long as the deadline', async () => {
      const server = await serve(() => undefined);
      await expect(get(client(), server.url, { deadlineSeconds: 0.5 })).rejects.toMatchObject({
        code: 'NETWORK_TIMEOUT',
      });
    });

    it.each([
      ['many headers', Array.from({ length: 10_000 }, (_, index) => `x-${index}: y\r\n`).join('')],
      ['one huge header', `x: ${'y'.repeat(1_000_000)}\r\n`],
    ])('refuses %s', async (_, headers) => {
      const server = await serve((__, response) =>
        raw(response, `HTTP/1.1 200 OK\r\n${headers}content-length: 0\r\n\r\n`),
      );
      const error = await get(client(), server.url).catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: expect.stringMatching(/HTTP_RESPONSE_TOO_LARGE|HTTP_BAD_REPLY/) as string });
    });

    it('refuses what is not HTTP', async () => {
      const server = await serve((_, response) => {
        raw(response, 'SSH-2.0-hello\r\n\r\n');
        response.socket?.end();
      });
      await expect(get(client(), server.url)).rejects.toMatchObject({ code: 'HTTP_BAD_REPLY' });
    });

    it('reports a connection that is reset in the middle', async () => {
      const server = await serve((_, response) => {
        response.writeHead(200, { 'content-length': 1_000 });
        response.write('half', () => response.socket?.destroy());
      });
      await expect(get(client(), server.url)).rejects.toMatchObject({ code: 'NETWORK_UNREACHABLE' });
    });
  });

  describe('and certificates', () => {
    const reply = (_: IncomingMessage, response: ServerResponse): void => void response.end('x');

    it.each(['TLSv1.2', 'TLSv1.3'] as const)(
      'says when the server demands a certificate that we lack (%s)',
      async (version) => {
        const server = await serve(reply, { tls: { minVersion: version, maxVersion: version } });
        const { certificateAuthorities } = device;
        await expect(get(client({ certificateAuthorities }), server.url)).rejects.toMatchObject({
          code: 'TLS_CLIENT_REFUSED',
        });
      },
    );

    it('says when our own key does not fit our certificate', async () => {
      const server = await serve(reply);
      await expect(get(client({ ...device, clientKey: identities.server.key }), server.url)).rejects.toMatchObject({
        code: 'TLS_CLIENT_REFUSED',
      });
      expect(server.requests).toEqual([]);
    });

    it('refuses a server of another authority, and sends it nothing', async () => {
      const server = await serve(reply, {
        certificate: new TestAuthority().issue({ commonName: 'localhost', alternativeNames: ['127.0.0.1'] }),
      });
      await expect(get(client(), server.url)).rejects.toMatchObject({ code: 'TLS_SERVER_REFUSED' });
      expect(server.requests).toEqual([]);
    });

    it('refuses a server of another name', async () => {
      const server = await serve(reply, {
        certificate: identities.serverAuthority.issue({ commonName: '127.0.0.1', alternativeNames: ['example.com'] }),
      });
      await expect(get(client(), server.url)).rejects.toMatchObject({ code: 'TLS_SERVER_REFUSED' });
    });

    it.each([
      ['has expired', { notBefore: new Date(Date.now() - 9 * day), notAfter: new Date(Date.now() - day) }],
      ['is not yet valid', { notBefore: new Date(Date.now() + day), notAfter: new Date(Date.now() + 9 * day) }],
    ])('suspects the clock when the certificate of the server %s', async (words, dates) => {
      const server = await serve(reply, {
        certificate: identities.serverAuthority.issue({ commonName: 'x', alternativeNames: ['127.0.0.1'], ...dates }),
      });
      await expect(get(client(), server.url)).rejects.toMatchObject({
        code: 'CLOCK_SUSPECT',
        message: expect.stringContaining(words) as string,
        cause: { code: 'TLS_SERVER_REFUSED' },
      });
    });
  });

  describe('that can not be made', () => {
    it('says that nobody listens, and that a name is unknown', async () => {
      await expect(get(client(), 'https://127.0.0.1:1/')).rejects.toMatchObject({
        code: 'NETWORK_UNREACHABLE',
        message: expect.stringContaining('127.0.0.1:1') as string,
      });
      await expect(get(client(), 'https://name.invalid/')).rejects.toMatchObject({
        code: 'NETWORK_UNREACHABLE',
        message: expect.stringContaining('name.invalid') as string,
      });
    });

    it.each(['http://127.0.0.1:1/', 'file:///etc/passwd', 'no url', 'https://user:word@127.0.0.1/'])(
      'refuses the URL %s',
      async (url) => {
        await expect(get(client(), url)).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
      },
    );

    it('can be cancelled at once, before, while it waits and by close', async () => {
      const server = await serve(() => undefined);
      const http = client();
      const controller = new AbortController();
      const removed = jest.spyOn(controller.signal, 'removeEventListener');
      const started = Date.now();
      setTimeout(() => controller.abort(), 100);
      await expect(get(http, server.url, { signal: controller.signal })).rejects.toMatchObject({ code: 'ABORTED' });
      await expect(get(http, server.url, { signal: controller.signal })).rejects.toMatchObject({ code: 'ABORTED' });
      expect(Date.now() - started).toBeLessThan(2_000);
      expect(removed).toHaveBeenCalledTimes(1);
      const closed = client();
      setTimeout(() => (closed as Http & { close(): void }).close(), 100);
      await expect(get(closed, server.url)).rejects.toMatchObject({ code: 'ABORTED' });
      await expect(get(closed, server.url)).rejects.toMatchObject({ code: 'ABORTED' });
    });
  });
});
