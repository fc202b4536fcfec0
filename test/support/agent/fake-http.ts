import { SotaError } from '../../../src/domain/errors/sota-error.js';
import type { DownloadRequest, Http, HttpReply, HttpRequest } from '../../../src/ports/http.js';

export type Answer = HttpReply | Error | ((request: HttpRequest) => HttpReply | Promise<HttpReply>);

/** A reply with a body of text, bytes or JSON. */
export function reply(status: number, body: unknown = '', headers: Readonly<Record<string, string>> = {}): HttpReply {
  const bytes = body instanceof Uint8Array ? body : typeof body === 'string' ? body : JSON.stringify(body);
  return { status, body: Buffer.from(bytes as string), headers: new Map(Object.entries(headers)) };
}

/** A fake server: answers by `METHOD path`, the last answer of a route over and over; anything else is 404. */
export class FakeHttp implements Http {
  readonly requests: HttpRequest[] = [];
  readonly downloads: DownloadRequest[] = [];
  private readonly routes = new Map<string, Answer[]>();
  onDownload: (request: DownloadRequest) => Promise<void> = () => Promise.resolve();

  on(route: string, ...answers: readonly Answer[]): this {
    this.routes.set(route, [...answers]);
    return this;
  }

  async request(request: HttpRequest): Promise<HttpReply> {
    this.requests.push(request);
    const answers = this.routes.get(`${request.method} ${new URL(request.url).pathname}`);
    if (answers === undefined) return reply(404, { code: 'missing_entity', description: 'not here' });
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer instanceof Error) throw answer;
    if (typeof answer === 'function') return answer(request);
    return answer ?? reply(500);
  }

  download(request: DownloadRequest): Promise<void> {
    this.downloads.push(request);
    return this.onDownload(request);
  }

  /** A client of this server; closing it ends only the client. */
  client(): Http & { close(): void } {
    let isClosed = false;
    const open = (): void => {
      if (isClosed) throw new SotaError('ABORTED', { message: 'the client is closed' });
    };
    return {
      request: async (request) => {
        open();
        return this.request(request);
      },
      download: async (request) => {
        open();
        return this.download(request);
      },
      close: () => {
        isClosed = true;
      },
    };
  }

  /** `METHOD path` of all requests so far. */
  asked(): readonly string[] {
    return this.requests.map(({ method, url }) => `${method} ${new URL(url).pathname}`);
  }

  bodies(route: string): readonly string[] {
    return this.requests
      .filter(({ method, url }) => `${method} ${new URL(url).pathname}` === route)
      .map(({ body }) => body ?? '');
  }
}
