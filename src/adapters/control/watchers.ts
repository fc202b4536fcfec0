import type { ServerResponse } from 'node:http';

/** A watcher that doesn't read is let go before it costs this much memory. */
const maximumWaitingBytes = 1_048_576;

/** The open `watch` replies: a JSON document a line, the present one first, then each other one as it comes. */
export class Watchers {
  private readonly replies = new Set<ServerResponse>();

  constructor(private readonly document: () => string) {}

  add(reply: ServerResponse): void {
    reply.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' });
    this.replies.add(reply);
    reply.once('close', () => this.replies.delete(reply));
    this.send(reply, lineOf(this.document()));
  }

  /** Sends the present document to all. */
  tell(): void {
    if (this.replies.size === 0) return;
    const line = lineOf(this.document());
    for (const reply of this.replies) this.send(reply, line);
  }

  end(): void {
    for (const reply of this.replies) reply.end();
  }

  private send(reply: ServerResponse, line: string): void {
    if (reply.writableLength > maximumWaitingBytes) reply.destroy();
    else reply.write(line);
  }
}

/** A document may be printed over many lines. */
function lineOf(document: string): string {
  return `${JSON.stringify(JSON.parse(document))}\n`;
}
