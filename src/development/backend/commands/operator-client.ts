// For development only: never part of what runs on a device.
import { request } from 'node:http';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BackendError } from '../backend-error.js';
import type { BackendAddress } from '../serve.js';
import { textOf } from '../storage/file-errors.js';
import { readState } from '../storage/durable-files.js';

/** Talks to a running backend, which its state folder names. */
export class OperatorClient {
  constructor(private readonly operatorUrl: string) {}

  /** @throws BackendError `backend_not_running` when the folder names none. */
  static ofState(folder: string): OperatorClient {
    const address = readState(join(folder, 'operator.json')) as BackendAddress | null;
    if (address === null) {
      throw new BackendError(
        503,
        'backend_not_running',
        `${folder} holds no backend: start one there with serve --state ${folder}, or name another folder`,
      );
    }
    return new OperatorClient(address.operator);
  }

  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    return this.exchange(method, path, body === undefined ? null : JSON.stringify(body));
  }

  async upload(path: string, content: Readable): Promise<unknown> {
    return this.exchange('POST', path, content);
  }

  private async exchange(method: string, path: string, body: string | Readable | null): Promise<unknown> {
    const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
      const outgoing = request(`${this.operatorUrl}${path}`, { method }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
        );
      });
      outgoing.once('error', (error) =>
        reject(new BackendError(503, 'backend_not_running', `no answer from ${this.operatorUrl}: ${textOf(error)}`)),
      );
      if (body === null || typeof body === 'string') {
        outgoing.end(body ?? undefined);
      } else {
        pipeline(body, outgoing).catch(reject);
      }
    });
    const answer = JSON.parse(text) as unknown;
    if (status >= 400) {
      const { code, description } = answer as { code: string; description: string };
      throw new BackendError(status, code, description);
    }
    return answer;
  }
}
