import { SotaError } from '../../domain/errors/sota-error.js';
import type { DownloadRequest, Http, HttpReply, HttpRequest, TlsIdentity } from '../../ports/http.js';
import { completeCurlSettings, type CompleteCurlSettings, type CurlSettings } from './curl-settings.js';
import { download } from './download.js';
import { runExchange } from './exchange.js';
import { TransferEngine } from './transfer-engine.js';
import { allowedUrl } from './url-rules.js';

/** HTTPS by libcurl with one identity: kept connections, resumed TLS sessions, nothing of the key on disk. */
export class CurlHttp implements Http {
  readonly #engine = new TransferEngine();
  readonly #identity: TlsIdentity;
  readonly #settings: CompleteCurlSettings;

  constructor(identity: TlsIdentity, settings: CurlSettings) {
    this.#identity = identity;
    this.#settings = completeCurlSettings(settings);
  }

  async request(request: HttpRequest): Promise<HttpReply> {
    const url = allowedUrl(request.url, this.#settings.allowHttp);
    const body = new BoundedBody(request.maximumBytes, url.host);
    const sends = request.method === 'PUT' || request.method === 'POST';
    const head = await runExchange(this.#engine, this.#settings, {
      method: request.method,
      url,
      headers: ['Accept: */*', ...(sends ? [`Content-Type: ${request.contentType ?? 'application/json'}`] : [])],
      body: request.body,
      identity: this.#identity,
      deadlineSeconds: request.deadlineSeconds,
      signal: request.signal,
      onHead: ({ headers }) => request.method !== 'HEAD' && body.announce(headers.get('content-length')),
      onBody: (chunk) => body.add(chunk),
    });
    return { status: head.status, body: body.bytes(), headers: head.headers };
  }

  async download(request: DownloadRequest): Promise<void> {
    await download(this.#engine, this.#settings, this.#identity, request);
  }

  /** Ends what is in flight as ABORTED and closes the kept connections. */
  close(): void {
    this.#engine.close();
  }
}

/** The body of a reply, which may not grow over its cap. */
class BoundedBody {
  readonly #maximum: number;
  readonly #host: string;
  readonly #chunks: Buffer[] = [];
  #total = 0;

  constructor(maximumBytes: number, host: string) {
    this.#maximum = maximumBytes;
    this.#host = host;
  }

  /** A length that the server announces saves the transfer. */
  announce(contentLength: string | undefined): void {
    if (contentLength !== undefined && Number(contentLength) > this.#maximum) throw this.#tooLarge();
  }

  add(chunk: Buffer): void {
    this.#total += chunk.length;
    if (this.#total > this.#maximum) throw this.#tooLarge();
    this.#chunks.push(chunk);
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks, this.#total);
  }

  #tooLarge(): SotaError {
    return new SotaError('HTTP_RESPONSE_TOO_LARGE', {
      message: `${this.#host}: the reply is larger than ${this.#maximum} bytes`,
    });
  }
}
