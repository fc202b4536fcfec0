// For development only: never part of what runs on a device.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Backend } from '../backend.js';
import { BackendError } from '../backend-error.js';
import { readWholeBody } from '../gateway/read-body.js';
import { errorReply, jsonReply, type Reply } from '../gateway/reply.js';
import { sendReply } from '../gateway/send-reply.js';
import { textOf } from '../storage/file-errors.js';
import { findRoute } from './operator-routes.js';

/** The operator's API: plain HTTP on the loopback interface, without access control (development only). */
export function createOperatorServer(backend: Backend): Server {
  return createServer((request, response) => {
    void serve(backend, request, response);
  });
}

async function serve(backend: Backend, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    const reply = await answer(backend, request);
    await sendReply(response, request.method ?? 'GET', reply, null);
  } catch (error) {
    backend.settings.log(`operator ${request.method ?? ''} ${request.url ?? ''}: ${textOf(error)}`);
    response.destroy();
  }
}

async function answer(backend: Backend, request: IncomingMessage): Promise<Reply> {
  try {
    // A page in a browser on this machine could otherwise give orders here.
    if (request.headers.origin !== undefined) {
      throw new BackendError(403, 'forbidden', 'browsers are not served');
    }
    const url = new URL(request.url ?? '/', 'http://operator');
    const match = findRoute(request.method ?? 'GET', url.pathname);
    if (match === null) {
      throw new BackendError(404, 'missing_entity', `nothing at ${request.method ?? ''} ${url.pathname}`);
    }
    const result = await match.handle(backend, {
      parameters: match.parameters,
      query: url.searchParams,
      stream: request,
      body: () => readWholeBody(request, 1024 * 1024),
    });
    return jsonReply(200, result);
  } catch (error) {
    request.resume();
    if (error instanceof BackendError) {
      return errorReply(error);
    }
    backend.settings.log(`a bug: ${error instanceof Error ? (error.stack ?? '') : textOf(error)}`);
    return errorReply(new BackendError(500, 'internal_server_error', textOf(error)));
  }
}
