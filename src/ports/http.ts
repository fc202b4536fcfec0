/** HTTPS with the identity of the device. All errors are SotaErrors of the groups network and TLS. */
export interface HttpRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'HEAD';
  readonly url: string;
  readonly body?: string;
  readonly contentType?: string;
  /** A larger reply ends in HTTP_RESPONSE_TOO_LARGE; never more than this is kept in memory. */
  readonly maximumBytes: number;
  /** Over the whole request. */
  readonly deadlineSeconds: number;
  readonly signal?: AbortSignal;
}

export interface HttpReply {
  readonly status: number;
  readonly body: Buffer;
  /** Lower-case names; the last value of a repeated one. */
  readonly headers: ReadonlyMap<string, string>;
}

export interface DownloadRequest {
  readonly url: string;
  /** The part file: existing bytes are hashed again and resumed by Range. */
  readonly partPath: string;
  readonly expectedBytes: number;
  /** Lower-case hex; every one given must be right. */
  readonly expectedHashes: { readonly sha256: string; readonly sha512?: string };
  /** The client certificate is shown to the origin of this URL only; default: that of `url`. */
  readonly credentialUrl?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (receivedBytes: number) => void;
}

/** TLS material, PEM texts. */
export interface TlsIdentity {
  /** Authorities that may sign the server, concatenated. */
  readonly certificateAuthorities: string;
  /** Leaf first, then its chain; absent for a server that demands none. */
  readonly clientCertificate?: string;
  readonly clientKey?: string;
}

export interface Http {
  /** Any status is a reply; only a failure of the exchange itself throws. */
  request(request: HttpRequest): Promise<HttpReply>;
  /**
   * Fetches a file with resume; returns when the part file is complete, durable and has the hashes.
   * @throws SotaError DOWNLOAD_CORRUPT (the part file is gone then), DOWNLOAD_FAILED, DISK_FULL and the network's.
   */
  download(request: DownloadRequest): Promise<void>;
}

/** Makes clients; one a TLS identity. */
export interface HttpFactory {
  create(identity: TlsIdentity): Http & { close(): void };
}
