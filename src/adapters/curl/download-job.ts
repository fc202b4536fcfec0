import type { DownloadRequest, TlsIdentity } from '../../ports/http.js';
import type { CompleteCurlSettings } from './curl-settings.js';
import type { EntityTag } from './entity-tag.js';
import type { PartFile } from './part-file.js';
import type { TransferEngine } from './transfer-engine.js';

/** What all steps of one download need. */
export interface DownloadJob {
  readonly engine: TransferEngine;
  readonly settings: CompleteCurlSettings;
  readonly identity: TlsIdentity;
  readonly request: DownloadRequest;
  readonly part: PartFile;
  readonly tag: EntityTag;
}
