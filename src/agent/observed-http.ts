/**
 * Looks at what servers answer, in one place: an answer is a sign of life of the poll (a slow server must not make the
 * watchdog end the daemon), and one that asks for patience is remembered for the backoff. At the end of the daemon what
 * only asks is given up; what may change the server is let finish, since its lost answer would have to be guessed.
 */
import type { DownloadRequest, Http, HttpFactory, HttpReply, HttpRequest, TlsIdentity } from '../ports/http.js';
import { retryAfterSeconds } from './server-reply.js';

/** What servers asked for since it was last forgotten. */
export class Patience {
  private asked: number | null = null;

  /** Seconds, as the server wrote it; null when none asked. */
  get retryAfterSeconds(): number | null {
    return this.asked;
  }

  forget(): void {
    this.asked = null;
  }

  /** The longest counts. */
  observe(reply: HttpReply): void {
    if (reply.status < 400) return;
    const seconds = retryAfterSeconds(reply);
    if (seconds !== null) this.asked = Math.max(this.asked ?? 0, seconds);
  }
}

export interface Observation {
  readonly patience: Patience;
  /** After each exchange, however it ended. */
  readonly onExchange: () => void;
  /** Aborted when the daemon ends. */
  readonly ending: AbortSignal;
}

export class ObservedHttpFactory implements HttpFactory {
  private readonly factory: HttpFactory;
  private readonly observation: Observation;

  constructor(factory: HttpFactory, observation: Observation) {
    this.factory = factory;
    this.observation = observation;
  }

  create(identity: TlsIdentity): Http & { close(): void } {
    return new ObservedHttp(this.factory.create(identity), this.observation);
  }
}

class ObservedHttp implements Http {
  private readonly http: Http & { close(): void };
  private readonly observation: Observation;

  constructor(http: Http & { close(): void }, observation: Observation) {
    this.http = http;
    this.observation = observation;
  }

  async request(request: HttpRequest): Promise<HttpReply> {
    const { patience, onExchange, ending } = this.observation;
    const onlyAsks = request.method === 'GET' || request.method === 'HEAD';
    try {
      const reply = await this.http.request(onlyAsks ? { signal: ending, ...request } : request);
      patience.observe(reply);
      return reply;
    } finally {
      onExchange();
    }
  }

  download(request: DownloadRequest): Promise<void> {
    return this.http.download(request);
  }

  close(): void {
    this.http.close();
  }
}
