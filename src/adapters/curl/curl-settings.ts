/** How the HTTP clients of one program behave; the same for all their requests. */
export interface CurlSettings {
  /** Goes into `User-Agent: sotad/<version>`. */
  readonly version: string;
  /** Allows plain http as well: for development only, and for a server on the same machine. Default false. */
  readonly allowHttp?: boolean;
  /** Proxy URL with its port. Default none; the variables `https_proxy` and their kin are never looked at. */
  readonly proxy?: string;
  /** A transfer slower than this for `lowSpeedSeconds` ends as stalled. Default 5000 bytes a second for 60 s. */
  readonly lowSpeedBytesPerSecond?: number;
  readonly lowSpeedSeconds?: number;
  /** Of the look-up of the name, and again from there to the end of the TLS handshake. Default 30 s. */
  readonly connectTimeoutSeconds?: number;
}

export type CompleteCurlSettings = Required<CurlSettings>;

/** Fills in the defaults; `proxy` becomes the empty text, which tells libcurl to use none. */
export function completeCurlSettings(settings: CurlSettings): CompleteCurlSettings {
  return {
    allowHttp: false,
    proxy: '',
    lowSpeedBytesPerSecond: 5_000,
    lowSpeedSeconds: 60,
    connectTimeoutSeconds: 30,
    ...settings,
  };
}
