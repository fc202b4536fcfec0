import type { Http, HttpFactory, TlsIdentity } from '../../ports/http.js';
import { CurlHttp } from './curl-http.js';
import type { CurlSettings } from './curl-settings.js';

/** Makes HTTPS clients; each keeps its own connections, so that no identity speaks over another one's. */
export class CurlHttpFactory implements HttpFactory {
  readonly #settings: CurlSettings;

  constructor(settings: CurlSettings) {
    this.#settings = settings;
  }

  create(identity: TlsIdentity): Http & { close(): void } {
    return new CurlHttp(identity, this.#settings);
  }
}
