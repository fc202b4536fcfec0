import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isSotaError } from '../../domain/errors/sota-error.js';
import type { HistoryEntry } from '../../ports/journal.js';
import type { Logger } from '../../ports/logger.js';
import { listenOn } from './listening.js';
import { prepareSocketFolder } from './socket-folder.js';
import { socketPaths } from './socket-paths.js';
import { Watchers } from './watchers.js';
import { errorBody, maximumHistory, maximumRequestBytes, routes } from './protocol.js';

export interface ControlServerOptions {
  /** `/run/sotad`; made when it is missing, 0750. */
  readonly folder: string;
  /** The group whose members may read the status (`sota`); null: nobody but the daemon's user. */
  readonly groupId: number | null;
  readonly logger: Logger;
  /** The versioned status document, JSON. */
  statusDocument(): string;
  /** Calls back after each change of the document, until the returned function is called. */
  subscribe(onChange: () => void): () => void;
  history(maximum: number): readonly HistoryEntry[];
  /** Starts a poll (and, for `update`, an installation); the answer is JSON. */
  check(): Promise<unknown>;
  update(): Promise<unknown>;
}

type Handler = (request: IncomingMessage, reply: ServerResponse, url: URL) => Promise<void> | void;

const maximumConnections = 32;

/**
 * The daemon's two Unix sockets. HTTP by node:http: each tool can speak it (`curl --unix-socket`), it has framing,
 * status codes and streaming already, and costs no package; routes are few enough for a table.
 */
export class ControlServer {
  private readonly watchers: Watchers;
  private readonly servers: Server[] = [];
  private unsubscribe: (() => void) | null = null;

  constructor(private readonly options: ControlServerOptions) {
    this.watchers = new Watchers(() => options.statusDocument());
  }

  /**
   * Both sockets answer when it resolves.
   * @throws SotaError CONFIGURATION_INVALID (path too long), STATE_LOCKED (another daemon answers),
   * STORAGE_UNSAFE (others may write in the folder), FILE_UNREADABLE.
   */
  async start(): Promise<void> {
    const { folder, groupId } = this.options;
    const paths = socketPaths(folder);
    await prepareSocketFolder(folder, groupId);
    try {
      await this.open({ path: paths.control, mode: 0o600, groupId: null }, this.controlRoutes());
      await this.open({ path: paths.status, mode: 0o660, groupId }, this.statusRoutes());
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.unsubscribe = this.options.subscribe(() => this.watchers.tell());
  }

  /** Ends open replies and removes the sockets. */
  async stop(): Promise<void> {
    this.unsubscribe?.();
    this.unsubscribe = null;
    this.watchers.end();
    await Promise.all(
      this.servers.splice(0).map(
        (server) =>
          new Promise<void>((resolve) => {
            server.close(() => resolve());
            server.closeAllConnections();
          }),
      ),
    );
  }

  private async open(
    socket: { readonly path: string; readonly mode: number; readonly groupId: number | null },
    table: ReadonlyMap<string, Handler>,
  ): Promise<void> {
    const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000 }, (request, reply) => {
      void this.answer(table, request, reply);
    });
    server.maxConnections = maximumConnections;
    await listenOn(server, socket);
    server.on('error', (error) => this.options.logger.warning(`${socket.path}: ${error.message}`));
    this.servers.push(server);
  }

  private statusRoutes(): ReadonlyMap<string, Handler> {
    return new Map<string, Handler>([
      [`GET ${routes.status}`, (_request, reply) => send(reply, 200, this.options.statusDocument())],
      [`GET ${routes.watch}`, (_request, reply) => this.watchers.add(reply)],
      [
        `GET ${routes.history}`,
        (_request, reply, url) => {
          const wanted = Number(url.searchParams.get('max') ?? maximumHistory);
          const maximum = Number.isSafeInteger(wanted) ? Math.min(Math.max(wanted, 0), maximumHistory) : maximumHistory;
          send(reply, 200, JSON.stringify(this.options.history(maximum)));
        },
      ],
    ]);
  }

  private controlRoutes(): ReadonlyMap<string, Handler> {
    const act =
      (action: () => Promise<unknown>): Handler =>
      async (_request, reply) =>
        send(reply, 200, JSON.stringify((await action()) ?? null));
    return new Map<string, Handler>([
      [`POST ${routes.check}`, act(() => this.options.check())],
      [`POST ${routes.update}`, act(() => this.options.update())],
    ]);
  }

  private async answer(
    table: ReadonlyMap<string, Handler>,
    request: IncomingMessage,
    reply: ServerResponse,
  ): Promise<void> {
    try {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const handler = table.get(`${request.method ?? ''} ${url.pathname}`);
      if (handler === undefined) {
        refuse(reply, 404, `${request.method ?? ''} ${url.pathname} is not known on this socket`);
      } else if (await isBodyTooLarge(request)) {
        refuse(reply, 413, `the request has more than ${maximumRequestBytes} bytes`);
      } else await handler(request, reply, url);
    } catch (error) {
      if (!isSotaError(error)) {
        const reason = typeof error === 'object' && error !== null && 'message' in error ? error.message : error;
        this.options.logger.error(`a request on the socket failed: ${String(reason)}`);
      }
      if (reply.headersSent) reply.destroy();
      else send(reply, isSotaError(error) ? 409 : 500, JSON.stringify(errorBody(error)));
    }
  }
}

function refuse(reply: ServerResponse, status: number, message: string): void {
  reply.setHeader('connection', 'close');
  send(reply, status, JSON.stringify({ error: { code: 'CONTROL_REFUSED', message, hint: '' } }));
}

function send(reply: ServerResponse, status: number, body: string): void {
  reply.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  reply.end(body);
}

/** Reads the body to its end or to the limit; no request's body means anything yet. */
async function isBodyTooLarge(request: IncomingMessage): Promise<boolean> {
  let bytes = 0;
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length;
    if (bytes > maximumRequestBytes) return true;
  }
  return false;
}
