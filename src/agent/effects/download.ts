import { SotaError } from '../../domain/errors/sota-error.js';
import type { Attempt, UpdateRecord, UpdateTarget } from '../../domain/update/record.js';
import { targetUrl } from '../../domain/uptane/target-url.js';
import type { UpdateContext } from '../update-context.js';
import type { EffectResult } from '../update-runner.js';
import { failedTry } from './failed-try.js';

/** Brings the content of the target here, however much of it is here already. */
export async function download(
  context: UpdateContext,
  record: UpdateRecord,
  signal: AbortSignal,
): Promise<EffectResult | null> {
  if (record.state !== 'downloading') return null;
  const { attempt } = record;
  context.events.record('EcuDownloadStarted', attempt);
  context.progress.show({ phase: 'downloading' });
  try {
    requireFormat(context, attempt.target);
    if (attempt.target.format === 'OSTREE') await pull(context, attempt, signal);
    else await fetchFile(context, attempt.target, signal);
  } catch (error) {
    if (signal.aborted) return null;
    const result = failedTry(context, 'DownloadFailed', attempt, error);
    return { ...result, alongside: () => context.events.record('EcuDownloadCompleted', attempt, false) };
  } finally {
    context.progress.show(null);
  }
  return {
    event: { name: 'Downloaded' },
    alongside: () => context.events.record('EcuDownloadCompleted', attempt, true),
  };
}

function requireFormat(context: UpdateContext, target: UpdateTarget): void {
  const wanted = context.settings.packageManager === 'ostree' ? 'OSTREE' : 'BINARY';
  if (target.format === wanted) return;
  throw new SotaError('TARGET_FORMAT', {
    message: `${target.name} is ${target.format}, but pacman.type = ${context.settings.packageManager} installs ${wanted}`,
  });
}

async function pull(context: UpdateContext, attempt: Attempt, signal: AbortSignal): Promise<void> {
  await context.privileged.pull(attempt.target.sha256, {
    signal,
    onProgress: (progress) => context.progress.show({ phase: 'downloading', ...progress }),
  });
}

async function fetchFile(context: UpdateContext, target: UpdateTarget, signal: AbortSignal): Promise<void> {
  if (await context.images.has(target.sha256, target.lengthBytes)) return;
  await context.images.requireSpace(target.lengthBytes, target.sha256);
  await context.http().download({
    url: target.uri ?? targetUrl(context.settings.repositoryUrl, target.name),
    // A target may name any server; only our own may see who we are.
    credentialUrl: context.settings.repositoryUrl,
    partPath: context.images.partPath(target.sha256),
    expectedBytes: target.lengthBytes,
    expectedHashes: { sha256: target.sha256, ...(target.sha512 === null ? {} : { sha512: target.sha512 }) },
    signal,
    onProgress: (bytes) => context.progress.show({ phase: 'downloading', bytes, totalBytes: target.lengthBytes }),
  });
}
