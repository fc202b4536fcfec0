import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join, normalize } from 'node:path';
import type { PullSource } from '../../../src/ports/operating-system-tree.js';
import { startHttpsServer } from '../tls/https-server.js';
import { TestAuthority } from '../tls/test-authority.js';

/** What goes wrong with one request. */
export type TreehubFault =
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'corrupt' }
  /** Headers and half of the body, then nothing more. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'cut' }
  | { readonly kind: 'slow'; readonly bytesPerSecond: number };

export interface Treehub {
  readonly source: PullSource;
  readonly requests: string[];
  /** Decides for each path; null: all is well. */
  faultFor: (path: string) => TreehubFault | null;
  close(): Promise<void>;
}

async function sendSlowly(response: ServerResponse, body: Buffer, bytesPerSecond: number): Promise<void> {
  const step = Math.max(1, Math.floor(bytesPerSecond / 10));
  for (let offset = 0; offset < body.length && !response.destroyed; offset += step) {
    response.write(body.subarray(offset, offset + step));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  response.end();
}

async function answer(response: ServerResponse, file: string, fault: TreehubFault | null): Promise<void> {
  const body = await readFile(file).catch(() => null);
  if (body === null || fault?.kind === 'status') {
    response.writeHead(fault?.kind === 'status' ? fault.status : 404).end();
    return;
  }
  response.writeHead(200, { 'content-length': body.length });
  switch (fault?.kind) {
    case 'silent':
      response.write(body.subarray(0, Math.floor(body.length / 2)));
      return;
    case 'cut':
      response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.destroy());
      return;
    case 'slow':
      await sendSlowly(response, body, fault.bytesPerSecond);
      return;
    case 'corrupt': {
      const middle = Math.floor(body.length / 2);
      body[middle] = (body[middle] ?? 0) ^ 0xff;
      response.end(body);
      return;
    }
    case undefined:
      response.end(body);
  }
}

/** A real https server that demands client certificates and serves an archive repository. */
export async function startTreehub(repository: string): Promise<Treehub> {
  const authority = new TestAuthority('Treehub authority');
  const client = authority.issue({ commonName: 'device', usage: 'client' });
  const treehub: { faultFor: Treehub['faultFor'] } = { faultFor: () => null };
  const server = await startHttpsServer({
    certificate: authority.issue({ commonName: '127.0.0.1', alternativeNames: ['127.0.0.1'], usage: 'server' }),
    clientAuthority: authority,
    handle: (request, response) => {
      const path = normalize(new URL(request.url ?? '/', 'https://treehub').pathname);
      response.on('error', () => response.destroy());
      answer(response, join(repository, path), treehub.faultFor(path)).catch(() => response.destroy());
    },
  });
  return Object.assign(treehub, {
    source: {
      url: server.url,
      tls: {
        certificateAuthorities: authority.certificate,
        clientCertificate: client.certificate,
        clientKey: client.key,
      },
    },
    requests: server.requests,
    close: async () => server.close(),
  });
}
