import { request as sendRequest, type IncomingMessage } from 'node:http';
import { SotaError } from '../../domain/errors/sota-error.js';
import type { HistoryEntry } from '../../ports/journal.js';
import { errnoOf } from '../files/file-errors.js';
import { validateHistoryReply } from '../schema/validators.js';
import { socketPaths, type SocketPaths } from './socket-paths.js';
import { errorOf, maximumReplyBytes, routes } from './protocol.js';

export interface ControlClientOptions {
  /** The daemon's runtime folder, `/run/sotad`. */
  readonly folder: string;
  /** How long the daemon may take for an answer from memory. */
  readonly answerSeconds?: number;
  /** How long a check or an update that was asked for may take until it is answered. */
  readonly actionSeconds?: number;
}

interface Exchange {
  readonly socket: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

/** Asks the daemon over its sockets. Every method throws DAEMON_NOT_RUNNING when nobody answers. */
export class ControlClient {
  private readonly paths: SocketPaths;
  private readonly answerSeconds: number;
  private readonly actionSeconds: number;

  /** @throws SotaError CONFIGURATION_INVALID when the folder's path is too long. */
  constructor(options: ControlClientOptions) {
    this.paths = socketPaths(options.folder);
    this.answerSeconds = options.answerSeconds ?? 10;
    this.actionSeconds = options.actionSeconds ?? 600;
  }

  /** The status document, JSON. */
  status(): Promise<string> {
    return this.ask(this.paths.status, 'GET', routes.status, this.answerSeconds);
  }

  /** Newest first. */
  async history(maximum: number): Promise<readonly HistoryEntry[]> {
    const body = await this.ask(this.paths.status, 'GET', `${routes.history}?max=${maximum}`, this.answerSeconds);
    const reply = validateHistoryReply(parseReply(body));
    if (reply.ok) return reply.value;
    throw new SotaError('CONTROL_REFUSED', {
      message: `the history has another shape: ${reply.error.field} ${reply.error.reason}`,
    });
  }

  /**
   * The present status document and each other one as it comes, until the signal or the daemon ends it.
   * @throws SotaError DAEMON_NOT_RUNNING when the connection breaks off.
   */
  async watch(onDocument: (document: string) => void, signal?: AbortSignal): Promise<void> {
    const exchange = { socket: this.paths.status, method: 'GET', path: routes.watch } as const;
    try {
      const reply = await connect({ ...exchange, timeoutSeconds: this.answerSeconds, signal });
      reply.setEncoding('utf8');
      let rest = '';
      for await (const chunk of reply) {
        const lines = (rest + String(chunk)).split('\n');
        rest = lines.pop() ?? '';
        if (rest.length > maximumReplyBytes) throw tooLarge();
        lines.forEach(onDocument);
      }
    } catch (error) {
      if (signal?.aborted !== true) throw notRunning(exchange.socket, error);
    }
  }

  /** Asks for a poll. @returns the daemon's JSON. @throws SotaError the daemon's own, CONTROL_REFUSED. */
  async check(): Promise<unknown> {
    return parseReply(await this.ask(this.paths.control, 'POST', routes.check, this.actionSeconds));
  }

  /** Asks for a poll and the installation of what it finds. */
  async update(): Promise<unknown> {
    return parseReply(await this.ask(this.paths.control, 'POST', routes.update, this.actionSeconds));
  }

  private async ask(socket: string, method: 'GET' | 'POST', path: string, timeoutSeconds: number): Promise<string> {
    let status: number;
    let body: string;
    try {
      // Over the whole exchange: a daemon that hangs may have sent the head of its reply.
      const signal = AbortSignal.timeout(timeoutSeconds * 1_000);
      const reply = await connect({ socket, method, path, timeoutSeconds, signal });
      status = reply.statusCode ?? 0;
      body = await readBody(reply);
    } catch (error) {
      throw notRunning(socket, error);
    }
    if (status === 200) return body;
    throw errorOf(status, body);
  }
}

function connect({ socket, method, path, timeoutSeconds, signal }: Exchange): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = sendRequest({ socketPath: socket, method, path, agent: false, ...(signal ? { signal } : {}) });
    const timer = setTimeout(() => {
      request.destroy(
        new SotaError('DAEMON_NOT_RUNNING', { message: `no answer on ${socket} in ${timeoutSeconds} s` }),
      );
    }, timeoutSeconds * 1_000);
    request.once('response', (reply) => {
      clearTimeout(timer);
      resolve(reply);
    });
    request.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    request.end();
  });
}

async function readBody(reply: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of reply) {
    chunks.push(chunk as Buffer);
    bytes += (chunk as Buffer).length;
    if (bytes > maximumReplyBytes) throw tooLarge();
  }
  return Buffer.concat(chunks).toString('utf8');
}

function tooLarge(): SotaError {
  return new SotaError('CONTROL_REFUSED', { message: `a reply is larger than ${maximumReplyBytes} bytes` });
}

function parseReply(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new SotaError('CONTROL_REFUSED', { message: 'the daemon replied with something that is no JSON', cause });
  }
}

function notRunning(socket: string, cause: unknown): SotaError {
  if (cause instanceof SotaError) return cause;
  const errno = errnoOf(cause) ?? 'no errno';
  if (errno === 'EACCES' || errno === 'EPERM') {
    return new SotaError('CONTROL_REFUSED', {
      message: `${socket}: this user may not ask the daemon`,
      hint: 'Run it as root, or for the status join the group sota.',
      cause,
    });
  }
  return new SotaError('DAEMON_NOT_RUNNING', { message: `nobody answers on ${socket} (${errno})`, cause });
}
