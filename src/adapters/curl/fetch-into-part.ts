import { performance } from 'node:perf_hooks';
import { isSotaError, SotaError } from '../../domain/errors/sota-error.js';
import type { DownloadJob } from './download-job.js';
import { runExchange, type ExchangeHandle } from './exchange.js';
import { judgeRangeReply, type RangeReply } from './range-reply.js';
import type { ReplyHead } from './reply-head.js';

/** `done`: the part file has its length; `restart`: ask for the whole file. */
export type FetchOutcome =
  { readonly kind: 'done' } | { readonly kind: 'restart' } | { readonly kind: 'redirect'; readonly location: string };

const waitingLimitBytes = 4 * 1024 * 1024;
const progressMilliseconds = 250;

/** Ends a transfer whose body is of no use. */
class BodyNotWanted extends Error {}

/** Asks once for what is missing of the part file. */
export async function fetchIntoPart(job: DownloadJob, url: URL): Promise<FetchOutcome> {
  const { part, request } = job;
  const from = part.length;
  const sink = new PartSink(job, url, from);
  const tag = from > 0 ? await job.tag.read() : null;
  const range = from > 0 ? [`Range: bytes=${from}-`, ...(tag === null ? [] : [`If-Range: ${tag}`])] : [];
  try {
    await runExchange(job.engine, job.settings, {
      method: 'GET',
      url,
      headers: ['Accept: */*', ...range],
      body: undefined,
      identity: job.identity,
      deadlineSeconds: undefined,
      signal: request.signal,
      onHead: (head) => sink.accept(head),
      onBody: (chunk, handle) => sink.take(chunk, handle),
    });
  } catch (error) {
    if (!(error instanceof BodyNotWanted)) throw sink.explain(error);
  } finally {
    await sink.keepTag();
  }
  await part.settled();
  return sink.outcome();
}

/** Judges the reply of one fetch and carries its body into the part file. */
class PartSink {
  readonly #job: DownloadJob;
  readonly #url: URL;
  readonly #from: number;
  #head: ReplyHead | null = null;
  #judgement: RangeReply = 'status';
  #toldAt = 0;

  constructor(job: DownloadJob, url: URL, from: number) {
    this.#job = job;
    this.#url = url;
    this.#from = from;
  }

  /** The head of the reply is there. @throws to end the transfer before any body comes. */
  accept(head: ReplyHead): void {
    const { part, request } = this.#job;
    this.#head = head;
    this.#judgement = judgeRangeReply(head, this.#from, request.expectedBytes);
    if (this.#judgement !== 'continue' && this.#judgement !== 'whole') throw new BodyNotWanted();
    if (this.#judgement === 'whole' && this.#from > 0) part.restart();
    const announced = head.headers.get('content-length');
    if (announced !== undefined && Number(announced) !== request.expectedBytes - part.length) {
      throw this.#corrupt(
        `has another length than the signed ${request.expectedBytes} bytes: ${announced} were announced`,
      );
    }
  }

  take(chunk: Buffer, handle: ExchangeHandle): void {
    const { part, request } = this.#job;
    if (part.length + chunk.length > request.expectedBytes) {
      throw this.#corrupt(`is longer than the signed ${request.expectedBytes} bytes`);
    }
    if (part.hasFailed) throw new BodyNotWanted();
    part.append(chunk);
    this.#tell();
    if (part.waitingBytes <= waitingLimitBytes) return;
    handle.pause();
    const resume = (): void => handle.resume();
    void part.settled().then(resume, resume);
  }

  /** The tag belongs to what is in the part file now: it changes only when the file began anew. */
  async keepTag(): Promise<void> {
    if (this.#judgement === 'whole') await this.#job.tag.keep(this.#head?.headers.get('etag'));
  }

  /** What broke off in the middle of the file says so, and goes on later. */
  explain(error: unknown): unknown {
    const inFile = this.#judgement === 'continue' || this.#judgement === 'whole';
    if (!inFile || !isSotaError(error) || (error.code !== 'NETWORK_UNREACHABLE' && error.code !== 'HTTP_BAD_REPLY')) {
      return error;
    }
    const { part, request } = this.#job;
    return new SotaError('DOWNLOAD_FAILED', {
      message: `${this.#url.host}: broke off at ${part.length} of ${request.expectedBytes} bytes`,
      cause: error,
    });
  }

  outcome(): FetchOutcome {
    const { part, request } = this.#job;
    const { status = 0, headers } = this.#head ?? {};
    if (this.#judgement === 'restart') return { kind: 'restart' };
    if (this.#judgement === 'redirect') return { kind: 'redirect', location: headers?.get('location') ?? '' };
    if (this.#judgement === 'status') {
      throw new SotaError('HTTP_STATUS', { message: `${this.#url.host}${this.#url.pathname}: status ${status}` });
    }
    if (part.length === request.expectedBytes) return { kind: 'done' };
    throw new SotaError('DOWNLOAD_FAILED', {
      message: `${this.#url.host}: ended at ${part.length} of ${request.expectedBytes} bytes`,
    });
  }

  #tell(): void {
    const { part, request } = this.#job;
    const now = performance.now();
    if (now - this.#toldAt < progressMilliseconds && part.length < request.expectedBytes) return;
    this.#toldAt = now;
    request.onProgress?.(part.length);
  }

  #corrupt(what: string): SotaError {
    return new SotaError('DOWNLOAD_CORRUPT', { message: `${this.#url.host}${this.#url.pathname}: ${what}` });
  }
}
