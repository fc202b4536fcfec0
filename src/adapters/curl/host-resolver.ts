import { lookup, type LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { performance } from 'node:perf_hooks';
import { types } from 'node:util';
import { SotaError } from '../../domain/errors/sota-error.js';

const rememberedMilliseconds = 60_000;

/**
 * Looks names up for libcurl. Its own resolver would stop the whole program when a look-up is cancelled or takes too
 * long: it waits for its thread, ten seconds and more without a name server.
 */
export class HostResolver {
  readonly #known = new Map<string, { readonly addresses: readonly string[]; readonly until: number }>();

  /**
   * The addresses of a host in the order to be tried, IPv6 ones without brackets; null when it is an address itself.
   * @throws SotaError NETWORK_UNREACHABLE (no such name), NETWORK_TIMEOUT, ABORTED.
   */
  async resolve(host: string, timeoutMilliseconds: number, signal: AbortSignal | undefined): Promise<string[] | null> {
    if (isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0) return null;
    const known = this.#known.get(host);
    if (known !== undefined && known.until > performance.now()) return [...known.addresses];
    const addresses = await lookUp(host, timeoutMilliseconds, signal);
    this.#known.set(host, { addresses, until: performance.now() + rememberedMilliseconds });
    return addresses;
  }

  /** After a failure the addresses may be old ones. */
  forget(host: string): void {
    this.#known.delete(host);
  }
}

/** The system's look-up can't be ended; it is only no longer waited for. */
function lookUp(host: string, timeoutMilliseconds: number, signal: AbortSignal | undefined): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const settle = (action: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      action();
    };
    const fail = (error: SotaError): void => settle(() => reject(error));
    const onAbort = (): void => fail(new SotaError('ABORTED', { message: 'the transfer was cancelled' }));
    const timer = setTimeout(
      () => fail(new SotaError('NETWORK_TIMEOUT', { message: `${host}: the name was not found in time` })),
      timeoutMilliseconds,
    );
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    lookup(host, { all: true, order: 'verbatim' }, (error: unknown, found: LookupAddress[]) => {
      if (error === null) settle(() => resolve(found.map(({ address }) => address)));
      else fail(unknownHost(host, error));
    });
  });
}

function unknownHost(host: string, cause: unknown): SotaError {
  const reason = types.isNativeError(cause) && 'code' in cause ? String(cause.code) : 'unknown reason';
  return new SotaError('NETWORK_UNREACHABLE', { message: `${host}: the name could not be resolved: ${reason}`, cause });
}
