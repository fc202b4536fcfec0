import { SotaError } from '../../domain/errors/sota-error.js';

const headLimitBytes = 64 * 1024;

/**
 * Status and headers of a reply while they come in, one line at a time.
 * Interim replies (100 Continue) are forgotten when the next status line begins; the cap counts them all.
 */
export class ReplyHead {
  status = 0;
  /** Did the server send anything at all? */
  begun = false;
  readonly headers = new Map<string, string>();
  readonly #host: string;
  #bytes = 0;

  constructor(host: string) {
    this.#host = host;
  }

  /**
   * @returns true when the head of the final reply is complete.
   * @throws SotaError HTTP_RESPONSE_TOO_LARGE, or HTTP_BAD_REPLY for a reply that is encoded though none was asked for.
   */
  addLine(bytes: Buffer): boolean {
    this.begun = true;
    this.#bytes += bytes.length;
    if (this.#bytes > headLimitBytes) {
      throw new SotaError('HTTP_RESPONSE_TOO_LARGE', {
        message: `${this.#host}: more than ${headLimitBytes} bytes of headers`,
      });
    }
    const line = bytes.toString('latin1').replace(/[\r\n]+$/, '');
    const status = /^HTTP\/[0-9.]+ ([0-9]{3})/.exec(line);
    if (status !== null) {
      this.status = Number(status[1]);
      this.headers.clear();
      return false;
    }
    if (line === '') return this.#finish();
    const colon = line.indexOf(':');
    if (colon > 0) this.headers.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
    return false;
  }

  #finish(): boolean {
    if (this.status < 200) return false;
    this.#refuseEncoding('content-encoding', 'identity');
    this.#refuseEncoding('transfer-encoding', 'chunked');
    return true;
  }

  /** No encoding was offered: one that comes all the same may be a bomb. */
  #refuseEncoding(header: string, harmless: string): void {
    const value = this.headers.get(header);
    if (value === undefined || value.toLowerCase() === harmless) return;
    throw new SotaError('HTTP_BAD_REPLY', {
      message: `${this.#host}: the reply is encoded (${header}: ${value.slice(0, 40)}), which was not asked for`,
    });
  }
}
