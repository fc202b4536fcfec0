import { dirname } from 'node:path';
import { isSotaError, SotaError } from '../../domain/errors/sota-error.js';
import type { DownloadRequest, TlsIdentity } from '../../ports/http.js';
import { synchroniseFolder } from '../files/durable-folder.js';
import { NodeFiles } from '../files/node-files.js';
import type { CompleteCurlSettings } from './curl-settings.js';
import type { DownloadJob } from './download-job.js';
import { EntityTag } from './entity-tag.js';
import { fetchIntoPart, type FetchOutcome } from './fetch-into-part.js';
import { PartFile } from './part-file.js';
import type { TransferEngine } from './transfer-engine.js';
import { allowedUrl, redirectTarget } from './url-rules.js';

const redirectLimit = 5;

/** How often a file may begin anew within one call: a refused range, and a kept beginning that proved to be wrong. */
const restartLimit = 2;

/**
 * Fetches a file into its part file and goes on where an earlier attempt stopped (aktualizr.md 5.4).
 * What is kept of an earlier attempt is hashed again; the hashes decide, whatever a server claims of ranges.
 * @throws SotaError DOWNLOAD_CORRUPT (the part file is removed), DOWNLOAD_FAILED, DISK_FULL, HTTP_STATUS, the network's.
 */
export async function download(
  engine: TransferEngine,
  settings: CompleteCurlSettings,
  identity: TlsIdentity,
  request: DownloadRequest,
): Promise<void> {
  const first = allowedUrl(request.url, settings.allowHttp);
  const files = new NodeFiles();
  const tag = new EntityTag(files, `${request.partPath}.etag`);
  const part = await PartFile.open(request.partPath);
  try {
    await part.rehash(request.expectedBytes, request.signal);
    await complete({ engine, settings, identity, request, part, tag }, first);
    await part.synchronise();
    await synchroniseFolder(dirname(request.partPath));
    await tag.forget();
  } catch (error) {
    if (isSotaError(error) && error.code === 'DOWNLOAD_CORRUPT') {
      await files.remove(request.partPath);
      await tag.forget();
    }
    throw error;
  } finally {
    await part.close();
  }
}

/** Fetches until the part file has length and hashes. */
async function complete(job: DownloadJob, first: URL): Promise<void> {
  const { part, request } = job;
  for (let restarts = 0; ; restarts += 1) {
    const resumed = part.length > 0;
    if (part.length < request.expectedBytes && (await fetchFollowing(job, first)) === 'restart') {
      if (restarts >= restartLimit)
        throw new SotaError('DOWNLOAD_FAILED', { message: `${first.host}: no usable range` });
      part.restart();
      continue;
    }
    await part.settled();
    const wrong = wrongHash(job);
    if (wrong === null) return;
    if (!resumed || restarts >= restartLimit) {
      throw new SotaError('DOWNLOAD_CORRUPT', { message: `${first.host}${first.pathname}: ${wrong}` });
    }
    part.restart();
  }
}

/** One fetch with its redirects. The client certificate is shown to its own origin only. */
async function fetchFollowing(job: DownloadJob, first: URL): Promise<'done' | 'restart'> {
  const { origin } = allowedUrl(job.request.credentialUrl ?? job.request.url, job.settings.allowHttp);
  let url = first;
  for (let hops = 0; hops <= redirectLimit; hops += 1) {
    const identity = url.origin === origin ? job.identity : withoutClient(job.identity);
    const outcome: FetchOutcome = await fetchIntoPart({ ...job, identity }, url);
    if (outcome.kind !== 'redirect') return outcome.kind;
    url = redirectTarget(url, outcome.location, job.settings.allowHttp);
  }
  throw new SotaError('HTTP_BAD_REPLY', { message: `${first.host}: more than ${redirectLimit} redirects` });
}

function withoutClient({ certificateAuthorities }: TlsIdentity): TlsIdentity {
  return { certificateAuthorities };
}

function wrongHash({ part, request }: DownloadJob): string | null {
  const { sha256, sha512 } = part.hashes();
  const expected = request.expectedHashes;
  if (sha256 !== expected.sha256.toLowerCase()) return `sha256 is ${sha256}, signed is ${expected.sha256}`;
  if (expected.sha512 !== undefined && sha512 !== expected.sha512.toLowerCase()) {
    return `sha512 is ${sha512}, signed is ${expected.sha512}`;
  }
  return null;
}
