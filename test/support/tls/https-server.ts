import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { TestAuthority, TestCertificate } from './test-authority.js';

export interface HttpsServerOptions {
  readonly certificate: TestCertificate;
  /** Clients must show a certificate of this authority; null: none is asked for. */
  readonly clientAuthority: TestAuthority | null;
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  readonly tls?: ServerOptions;
}

/** A real https server on a free port of 127.0.0.1 that counts what clients do. */
export interface RunningHttpsServer {
  /** `https://127.0.0.1:<port>` */
  readonly url: string;
  readonly port: number;
  /** Method and path of each request, in order. */
  readonly requests: string[];
  /** Completed TLS handshakes: in full, and with a resumed session. */
  readonly handshakes: { full: number; resumed: number };
  /** Open connections. */
  connections(): number;
  /** Cuts every open connection. */
  cutConnections(): void;
  close(): Promise<void>;
}

/** Starts the server; close it in `afterEach`. */
export async function startHttpsServer(options: HttpsServerOptions): Promise<RunningHttpsServer> {
  const requests: string[] = [];
  const handshakes = { full: 0, resumed: 0 };
  const sockets = new Set<Socket>();
  const server = createServer(
    {
      cert: options.certificate.certificate,
      key: options.certificate.key,
      requestCert: options.clientAuthority !== null,
      rejectUnauthorized: options.clientAuthority !== null,
      ...(options.clientAuthority !== null ? { ca: options.clientAuthority.certificate } : {}),
      ...options.tls,
    },
    (request, response) => {
      requests.push(`${request.method ?? ''} ${request.url ?? ''}`);
      options.handle(request, response);
    },
  );
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    if (socket.isSessionReused()) handshakes.resumed += 1;
    else handshakes.full += 1;
  });
  // A client that breaks off, or is refused, is what these tests are about.
  server.on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const cutConnections = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `https://127.0.0.1:${port}`,
    port,
    requests,
    handshakes,
    connections: () => sockets.size,
    cutConnections,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        cutConnections();
      }),
  };
}
