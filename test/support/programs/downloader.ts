import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { CurlHttpFactory } from '../../../src/adapters/curl/curl-http-factory.js';
import type { TlsIdentity } from '../../../src/ports/http.js';

/** What the program is to do, as JSON in its first argument. */
export interface DownloaderTask {
  readonly identity: TlsIdentity;
  readonly url: string;
  /** A download into this file; without it, requests under constant garbage collection. */
  readonly partPath?: string;
  readonly expectedBytes?: number;
  readonly sha256?: string;
  readonly abortAfterMilliseconds?: number;
}

/** A process that downloads or asks, for tests that kill, starve or stress it; tells its outcome as JSON. */
async function main(): Promise<void> {
  const task = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as DownloaderTask;
  let last = performance.now();
  let longestPause = 0;
  const watch = setInterval(() => {
    longestPause = Math.max(longestPause, performance.now() - last);
    last = performance.now();
  }, 10);
  const outcome = await attempt(task);
  await new Promise((resolve) => setTimeout(resolve, 30));
  clearInterval(watch);
  process.stdout.write(`${JSON.stringify({ ...outcome, longestPause })}\n`);
}

async function attempt(task: DownloaderTask): Promise<Record<string, unknown>> {
  const started = performance.now();
  try {
    return { code: 'none', ...(await (task.partPath === undefined ? stress(task) : fetchOne(task, task.partPath))) };
  } catch (error) {
    return { ...(error as { code: string; message: string }), took: performance.now() - started };
  }
}

async function fetchOne(task: DownloaderTask, partPath: string): Promise<Record<string, unknown>> {
  const http = new CurlHttpFactory({ version: '1' }).create(task.identity);
  const controller = new AbortController();
  if (task.abortAfterMilliseconds !== undefined) setTimeout(() => controller.abort(), task.abortAfterMilliseconds);
  try {
    await http.download({
      url: task.url,
      partPath,
      expectedBytes: task.expectedBytes ?? 0,
      expectedHashes: { sha256: task.sha256 ?? '' },
      signal: controller.signal,
    });
    return {};
  } finally {
    http.close();
  }
}

/** Clients that nobody holds, requests that nobody awaits one by one, half of them cancelled, garbage collected always. */
async function stress(task: DownloaderTask): Promise<Record<string, unknown>> {
  const collect = (globalThis as { gc?: () => void }).gc;
  if (collect === undefined) throw new Error('run with --expose-gc');
  const collecting = setInterval(collect, 2);
  let done = 0;
  let cancelled = 0;
  const one = async (): Promise<void> => {
    const controller = new AbortController();
    if (Math.random() < 0.5) setTimeout(() => controller.abort(), Math.random() * 10);
    try {
      await new CurlHttpFactory({ version: '1' }).create(task.identity).request({
        method: 'GET',
        url: task.url,
        maximumBytes: 2_000_000,
        deadlineSeconds: 60,
        signal: controller.signal,
      });
      done += 1;
    } catch (error) {
      if ((error as { code: string }).code !== 'ABORTED') throw error;
      cancelled += 1;
    }
  };
  for (let round = 0; round < 20; round += 1) await Promise.all(Array.from({ length: 10 }, one));
  clearInterval(collecting);
  for (let round = 0; round < 5; round += 1) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { done, cancelled, keptBytes: process.memoryUsage().arrayBuffers };
}

void main();
