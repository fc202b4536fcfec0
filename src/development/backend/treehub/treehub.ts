// For development only: never part of what runs on a device.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { BackendError } from '../backend-error.js';
import { textOf } from '../storage/file-errors.js';
import { readIfPresent } from '../storage/durable-files.js';

const run = promisify(execFile);

const objectForm = /^objects\/[0-9a-f]{2}\/[0-9a-f]{62}\.(?:commit|dirtree|dirmeta|filez|commitmeta)$/;
const refForm = /^refs\/heads\/[A-Za-z0-9_][A-Za-z0-9._-]*(?:\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/;
const commitForm = /^[0-9a-f]{64}$/;

/** What treehub tells every client, whatever stands in the repository itself (backend.md 3.1). */
const servedConfiguration = '[core]\nrepo_version=1\nmode=archive-z2\nindexed-deltas=true\n';

/** A real OSTree repository in archive mode, on which `ostree` itself works. */
export class Treehub {
  readonly repository: string;
  private queue: Promise<unknown> = Promise.resolve();

  private constructor(folder: string) {
    this.repository = join(folder, 'treehub');
  }

  static async open(folder: string): Promise<Treehub> {
    const treehub = new Treehub(folder);
    if (!existsSync(join(treehub.repository, 'objects'))) {
      mkdirSync(treehub.repository, { recursive: true, mode: 0o700 });
      await ostree(['init', `--repo=${treehub.repository}`, '--mode=archive']);
    }
    return treehub;
  }

  /** The file behind a path of the API, or its content, or null for 404 (as for summaries and deltas). */
  lookUp(path: string): { readonly file: string } | { readonly text: string } | null {
    if (path === 'config') {
      return { text: servedConfiguration };
    }
    if (objectForm.test(path)) {
      const file = join(this.repository, path);
      return existsSync(file) ? { file } : null;
    }
    if (refForm.test(path)) {
      const file = join(this.repository, path);
      const commit = existsSync(file) && statSync(file).isFile() ? readIfPresent(file) : null;
      return commit === null ? null : { text: commit.toString('utf8').trim() };
    }
    return null;
  }

  /**
   * Copies a commit with all its objects from a local repository, checking every checksum.
   * @returns the commit and, when it was given by name, its ref.
   */
  async publish(
    repository: string,
    refOrCommit: string,
  ): Promise<{ readonly commit: string; readonly ref: string | null }> {
    const source = resolve(repository);
    if (!existsSync(join(source, 'objects'))) {
      throw new BackendError(400, 'invalid_repository', `${source} is no OSTree repository`);
    }
    if (refOrCommit.startsWith('-')) {
      throw new BackendError(400, 'invalid_ref', `${JSON.stringify(refOrCommit)} is no ref`);
    }
    // One after the other: ostree locks the repository anyway.
    const publication = this.queue.then(async () => {
      const commit = (await ostree(['rev-parse', `--repo=${source}`, refOrCommit])).trim();
      await ostree(['pull-local', `--repo=${this.repository}`, '--untrusted', '--disable-fsync', source, refOrCommit]);
      return { commit, ref: commitForm.test(refOrCommit) ? null : refOrCommit };
    });
    this.queue = publication.catch(() => undefined);
    return publication;
  }
}

async function ostree(words: readonly string[]): Promise<string> {
  try {
    return (await run('ostree', words, { maxBuffer: 16 * 1024 * 1024 })).stdout;
  } catch (error) {
    throw new BackendError(400, 'ostree_failed', textOf(error).trim());
  }
}
