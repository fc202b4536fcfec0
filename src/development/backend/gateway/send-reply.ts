// For development only: never part of what runs on a device.
import type { ServerResponse } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { ExchangeAction } from '../faults/rule.js';
import type { Reply } from './reply.js';

/**
 * Sends an answer, changed as a fault demands. Never rejects for a client that goes away: that ends the sending.
 */
export async function sendReply(
  response: ServerResponse,
  method: string,
  reply: Reply,
  fault: ExchangeAction | null,
): Promise<void> {
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  const changed = fault?.kind === 'oversize' ? oversize(reply, fault.bytes) : reply;
  const isEndless = fault?.kind === 'endless';
  response.writeHead(changed.status, {
    ...changed.headers,
    // 204 and 304 have no body and may not say a length.
    ...(isEndless || changed.status === 204 || changed.status === 304 ? {} : { 'content-length': changed.body.length }),
  });
  if (method === 'HEAD') {
    response.end();
    return;
  }
  response.flushHeaders();
  const chunks = isEndless ? endlessChunks() : faultyChunks(changed, fault, gone.signal);
  for await (const chunk of chunks) {
    if (gone.signal.aborted) {
      return;
    }
    if (!response.write(chunk)) {
      await drained(response, gone.signal);
    }
  }
  if (fault?.kind === 'truncate' && fault.atByte < changed.body.firstByte + changed.body.length) {
    // What was written shall arrive before the end: a reset would throw it away.
    await wait(50);
    response.destroy();
    return;
  }
  response.end();
}

/** Spaces after a document leave it right: only its size is wrong. */
function oversize(reply: Reply, bytes: number): Reply {
  const missing = Math.max(0, bytes - reply.body.length);
  return {
    ...reply,
    body: {
      ...reply.body,
      length: reply.body.length + missing,
      open: async function* () {
        yield* reply.body.open();
        for (let left = missing; left > 0; left -= 65_536) {
          yield Buffer.alloc(Math.min(left, 65_536), ' ');
        }
      },
    },
  };
}

async function* endlessChunks(): AsyncIterable<Buffer> {
  const chunk = Buffer.alloc(16_384, ' ');
  for (;;) {
    // Other requests get their turn.
    await wait(1);
    yield chunk;
  }
}

async function* faultyChunks(reply: Reply, fault: ExchangeAction | null, gone: AbortSignal): AsyncIterable<Buffer> {
  let position = reply.body.firstByte;
  let hasStalled = false;
  for await (const chunk of reply.body.open()) {
    const offset = fault !== null && 'atByte' in fault ? fault.atByte - position : -1;
    const isInside = offset >= 0 && offset < chunk.length;
    if (fault?.kind === 'throttle') {
      yield* throttled(chunk, fault.bytesPerSecond, gone);
    } else if (fault?.kind === 'wrongBytes' && isInside) {
      const changed = Buffer.from(chunk);
      changed[offset] = (changed[offset] ?? 0) ^ 0xff;
      yield changed;
    } else if (fault?.kind === 'truncate' && offset < chunk.length) {
      yield chunk.subarray(0, Math.max(0, offset));
      return;
    } else if (fault?.kind === 'stall' && !hasStalled && offset < chunk.length) {
      hasStalled = true;
      const split = Math.max(0, offset);
      yield chunk.subarray(0, split);
      await pause(fault.seconds === undefined ? 2 ** 31 - 1 : fault.seconds * 1000, gone);
      yield chunk.subarray(split);
    } else {
      yield chunk;
    }
    position += chunk.length;
  }
}

async function* throttled(chunk: Buffer, bytesPerSecond: number, gone: AbortSignal): AsyncIterable<Buffer> {
  const step = Math.max(1, Math.ceil(bytesPerSecond / 10));
  for (let start = 0; start < chunk.length; start += step) {
    yield chunk.subarray(start, start + step);
    await pause((1000 * step) / bytesPerSecond, gone);
  }
}

/** Ends early when the client goes away. */
async function pause(milliseconds: number, gone: AbortSignal): Promise<void> {
  if (!gone.aborted) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, milliseconds);
      gone.addEventListener('abort', done, { once: true });
      function done(): void {
        clearTimeout(timer);
        gone.removeEventListener('abort', done);
        resolve();
      }
    });
  }
}

async function drained(response: ServerResponse, gone: AbortSignal): Promise<void> {
  if (!gone.aborted) {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        response.removeListener('drain', done);
        gone.removeEventListener('abort', done);
        resolve();
      };
      response.once('drain', done);
      gone.addEventListener('abort', done, { once: true });
    });
  }
}
