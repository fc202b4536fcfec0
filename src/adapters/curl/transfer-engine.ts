import { CurlShareLock, CurlShareOption, Easy, Multi, Share } from 'node-libcurl';
import { SotaError } from '../../domain/errors/sota-error.js';
import { HostResolver } from './host-resolver.js';

/** How a transfer ended for libcurl. */
export interface TransferEnd {
  /** 0 is success. */
  readonly curlCode: number;
  readonly curlText: string;
  /** OpenSSL's verdict on the server's certificate (X509_V_ERR_...), 0 when it was not refused. */
  readonly verifyResult: number;
}

/** What libcurl hands back in its messages. */
type NativeHandle = Parameters<Multi['removeHandle']>[0];

/** The native side holds callbacks, and what they refer to, for ever: also the handle itself, and whole replies. */
function forgetCallbacks(easy: NativeHandle): void {
  // Without its callback libcurl would write to standard error.
  easy.setOpt('VERBOSE', false);
  easy.setOpt('HEADERFUNCTION', null);
  easy.setOpt('WRITEFUNCTION', null);
  easy.setOpt('DEBUGFUNCTION', null);
}

interface Running {
  readonly finish: (end: TransferEnd) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Native handles in flight. A handle that JavaScript forgets while libcurl still uses it ends in a crash of the
 * process when the garbage collector runs; so each is held here from its start to its end.
 */
const held = new Set<object>();

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Runs transfers over one set of kept connections, TLS sessions and looked-up names.
 * Invariant: handles are added, removed and closed only from the event loop's own turn, never from within a callback
 * of libcurl (nor from a promise that such a callback settles), which libcurl forbids.
 */
export class TransferEngine {
  readonly resolver = new HostResolver();
  readonly #multi = new Multi();
  readonly #share = new Share();
  readonly #open = new Map<NativeHandle, Running | null>();
  #closing = false;
  #handlesClosed = false;

  constructor() {
    this.#share.setOpt(CurlShareOption.SHARE, CurlShareLock.DataSslSession);
    this.#multi.onMessage((error, easy, curlCode) => this.#onMessage(error, easy, curlCode));
  }

  /**
   * Runs one transfer to its end.
   * @param prepare sets all options of the fresh handle.
   * @throws SotaError ABORTED when the signal or `close` ends it; what `prepare` throws.
   */
  async run(prepare: (easy: Easy) => void, signal: AbortSignal | undefined): Promise<TransferEnd> {
    await nextTurn();
    if (this.#closing || signal?.aborted === true) throw aborted();
    const easy = new Easy();
    this.#open.set(easy, null);
    held.add(easy).add(this.#multi).add(this.#share);
    const onAbort = (): void => this.#abort(easy);
    try {
      return await new Promise<TransferEnd>((finish, fail) => {
        this.#open.set(easy, { finish, fail });
        easy.setOpt('SHARE', this.#share);
        prepare(easy);
        signal?.addEventListener('abort', onAbort, { once: true });
        this.#multi.addHandle(easy);
      });
    } finally {
      signal?.removeEventListener('abort', onAbort);
      await this.#release(easy);
    }
  }

  /** Ends all transfers as ABORTED and closes the kept connections. */
  close(): void {
    this.#closing = true;
    for (const easy of this.#open.keys()) this.#abort(easy);
    setImmediate(() => this.#closeHandlesWhenIdle());
  }

  #onMessage(error: Error | null, easy: NativeHandle, curlCode: number): void {
    // Not here: the promise's continuations would run inside libcurl's loop over its messages.
    setImmediate(() => {
      const running = this.#open.get(easy);
      if (running === undefined || running === null || !easy.isOpen) return;
      const verifyResult = Number(easy.getInfo('SSL_VERIFYRESULT').data);
      running.finish({ curlCode, curlText: error?.message ?? '', verifyResult });
    });
  }

  #abort(easy: NativeHandle): void {
    setImmediate(() => this.#open.get(easy)?.fail(aborted()));
  }

  async #release(easy: NativeHandle): Promise<void> {
    await nextTurn();
    if (easy.isInsideMultiHandle) this.#multi.removeHandle(easy);
    forgetCallbacks(easy);
    easy.close();
    this.#open.delete(easy);
    held.delete(easy);
    if (this.#open.size > 0) return;
    held.delete(this.#multi);
    held.delete(this.#share);
    if (this.#closing) this.#closeHandlesWhenIdle();
  }

  #closeHandlesWhenIdle(): void {
    if (this.#open.size > 0 || this.#handlesClosed) return;
    this.#handlesClosed = true;
    this.#multi.onMessage(null);
    this.#multi.close();
    this.#share.close();
  }
}

function aborted(): SotaError {
  return new SotaError('ABORTED', { message: 'the transfer was cancelled' });
}
