import { performance } from 'node:perf_hooks';
import { CurlHttpVersion, CurlInfoDebug, CurlPause, CurlSslVersion, type Easy } from 'node-libcurl';
import type { TlsIdentity } from '../../ports/http.js';
import { exchangeError } from './curl-errors.js';
import type { CompleteCurlSettings } from './curl-settings.js';
import { Diagnostics } from './diagnostics.js';
import { ReplyHead } from './reply-head.js';
import type { TransferEngine } from './transfer-engine.js';

/** One request and what its reply is fed to. Both callbacks refuse the reply by throwing. */
export interface Exchange {
  readonly method: 'GET' | 'PUT' | 'POST' | 'HEAD';
  readonly url: URL;
  /** Of the form `Name: value`. */
  readonly headers: readonly string[];
  readonly body: string | undefined;
  readonly identity: TlsIdentity;
  readonly deadlineSeconds: number | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onHead: (head: ReplyHead) => void;
  readonly onBody: (chunk: Buffer, handle: ExchangeHandle) => void;
}

/** Holds a transfer back, for a disk that is slower than the network. */
export interface ExchangeHandle {
  /** Asks libcurl to keep the next chunk; takes effect when `onBody` returns. */
  pause(): void;
  resume(): void;
}

const defaultPorts: Readonly<Record<string, string>> = { 'https:': '443', 'http:': '80' };

/** What a callback of libcurl returns so that the transfer ends (code 23). */
const refuse = -1;

/**
 * Runs one exchange; redirects are never followed here.
 * @throws SotaError what a callback threw, or what libcurl's code means (curl-errors.ts).
 */
export async function runExchange(
  engine: TransferEngine,
  settings: CompleteCurlSettings,
  exchange: Exchange,
): Promise<ReplyHead> {
  const started = performance.now();
  const resolved = await resolveEndpoint(engine, settings, exchange);
  const head = new ReplyHead(exchange.url.host);
  const diagnostics = new Diagnostics();
  let refusal: { readonly error: unknown } | null = null;
  const guarded = (action: () => void, accepted: number): number => {
    try {
      action();
      return accepted;
    } catch (error) {
      refusal ??= { error };
      return refuse;
    }
  };
  const end = await engine.run((easy) => {
    const handle = handleOf(easy);
    applySettings(easy, settings, exchange);
    applyTimes(easy, settings, exchange.deadlineSeconds, performance.now() - started);
    if (resolved !== null) easy.setOpt('RESOLVE', [resolved.entry]);
    easy.setOpt('VERBOSE', true);
    easy.setOpt('DEBUGFUNCTION', (type, data) => {
      if (type === CurlInfoDebug.Text) diagnostics.add(data);
      return 0;
    });
    easy.setOpt('HEADERFUNCTION', (line) => {
      // From here on libcurl would only tell about data, a copy of each chunk.
      if (!head.begun) easy.setOpt('VERBOSE', false);
      return guarded(() => {
        if (head.addLine(line)) exchange.onHead(head);
      }, line.length);
    });
    easy.setOpt('WRITEFUNCTION', (chunk) => guarded(() => exchange.onBody(chunk, handle), chunk.length));
  }, exchange.signal);
  // The callbacks above assign it, which the compiler does not see.
  const refused = refusal as { readonly error: unknown } | null;
  if (refused !== null) throw refused.error;
  if (end.curlCode !== 0) {
    // The next attempt looks the name up anew: the server may have moved.
    if (resolved !== null) engine.resolver.forget(resolved.host);
    throw exchangeError({ end, host: exchange.url.host, replyBegun: head.begun, diagnostics });
  }
  return head;
}

/** Looks up the host that is connected to, the proxy where there is one; null when it is an address. */
async function resolveEndpoint(
  engine: TransferEngine,
  settings: CompleteCurlSettings,
  { url, deadlineSeconds, signal }: Exchange,
): Promise<{ readonly host: string; readonly entry: string } | null> {
  const endpoint = settings.proxy === '' ? url : new URL(settings.proxy);
  const { hostname: host, protocol } = endpoint;
  const seconds = Math.min(settings.connectTimeoutSeconds, deadlineSeconds ?? Infinity);
  const addresses = await engine.resolver.resolve(host, seconds * 1_000, signal);
  if (addresses === null) return null;
  const port = endpoint.port !== '' ? endpoint.port : (defaultPorts[protocol] ?? '1080');
  const list = addresses.map((address) => (address.includes(':') ? `[${address}]` : address)).join(',');
  return { host, entry: `${host}:${port}:${list}` };
}

function handleOf(easy: Easy): ExchangeHandle {
  return {
    pause: () => void easy.pause(CurlPause.Recv),
    // Out of a callback of libcurl, in which the caller may be.
    resume: () => {
      setImmediate(() => {
        if (easy.isOpen) easy.pause(CurlPause.Cont);
      });
    },
  };
}

function applySettings(easy: Easy, settings: CompleteCurlSettings, exchange: Exchange): void {
  const protocols = settings.allowHttp ? 'http,https' : 'https';
  easy.setOpt('URL', exchange.url.href);
  easy.setOpt('PROTOCOLS_STR', protocols);
  easy.setOpt('REDIR_PROTOCOLS_STR', protocols);
  easy.setOpt('FOLLOWLOCATION', false);
  easy.setOpt('HTTP_VERSION', CurlHttpVersion.V1_1);
  easy.setOpt('HTTP09_ALLOWED', false);
  easy.setOpt('NOSIGNAL', true);
  // The empty text, unlike none, keeps libcurl from looking at the environment.
  easy.setOpt('PROXY', settings.proxy);
  easy.setOpt('NOPROXY', '');
  // The reply of a proxy to CONNECT would be taken for the head of the server's.
  easy.setOpt('SUPPRESS_CONNECT_HEADERS', true);
  easy.setOpt('HTTP_CONTENT_DECODING', false);
  easy.setOpt('USERAGENT', `sotad/${settings.version}`);
  easy.setOpt('HTTPHEADER', ['Expect:', ...exchange.headers]);
  applyMethod(easy, exchange);
  applyTls(easy, exchange.identity);
}

function applyMethod(easy: Easy, { method, body }: Exchange): void {
  if (method === 'HEAD') easy.setOpt('NOBODY', true);
  if (method === 'PUT' || method === 'POST') {
    easy.setOpt('CUSTOMREQUEST', method);
    easy.setOpt('POSTFIELDS', body ?? '');
  }
}

function applyTimes(
  easy: Easy,
  settings: CompleteCurlSettings,
  deadlineSeconds: number | undefined,
  spentMilliseconds: number,
): void {
  easy.setOpt('CONNECTTIMEOUT_MS', Math.ceil(settings.connectTimeoutSeconds * 1_000));
  easy.setOpt('LOW_SPEED_LIMIT', settings.lowSpeedBytesPerSecond);
  easy.setOpt('LOW_SPEED_TIME', settings.lowSpeedSeconds);
  if (deadlineSeconds !== undefined) {
    easy.setOpt('TIMEOUT_MS', Math.max(1, Math.ceil(deadlineSeconds * 1_000 - spentMilliseconds)));
  }
  easy.setOpt('TCP_KEEPALIVE', true);
}

/** Only the authorities of the identity count: the system's own (CAPATH) are switched off. */
function applyTls(easy: Easy, identity: TlsIdentity): void {
  easy.setOpt('SSL_VERIFYPEER', true);
  easy.setOpt('SSL_VERIFYHOST', 2);
  easy.setOpt('SSLVERSION', CurlSslVersion.TlsV1_2);
  easy.setOpt('CAPATH', null);
  easy.setOpt('CAINFO_BLOB', identity.certificateAuthorities);
  if (identity.clientCertificate === undefined || identity.clientKey === undefined) return;
  easy.setOpt('SSLCERT_BLOB', identity.clientCertificate);
  easy.setOpt('SSLKEY_BLOB', identity.clientKey);
}
