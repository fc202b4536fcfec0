// For development only: never part of what runs on a device.
import type { IncomingMessage } from 'node:http';
import { BackendError } from '../backend-error.js';

/** The whole body, or 413. */
export async function readWholeBody(request: IncomingMessage, maximumBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maximumBytes) {
      throw new BackendError(413, 'payload_too_large', `the body is larger than ${maximumBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
