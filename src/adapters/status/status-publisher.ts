import type { Files } from '../../ports/files.js';
import type { StatusPublisher } from '../../ports/status-publisher.js';

export interface StatusPublisherOptions {
  readonly files: Files;
  /** `<runtime folder>/status.json`, on a tmpfs. */
  readonly path: string;
  /** `<storage.path>/status.json`: what is left to read after a power cut. */
  readonly copyPath: string;
}

/** The status document as files (design rule 18): each is written only when its text changes. */
export class FileStatusPublisher implements StatusPublisher {
  private published: string | null = null;
  private copied: string | null = null;
  private queue: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: StatusPublisherOptions) {}

  /** @throws SotaError DISK_FULL, FILE_UNREADABLE; the next call tries again. */
  publish(document: string, options: { readonly keepCopy: boolean }): Promise<void> {
    const written = this.queue.then(() => this.write(document, options.keepCopy));
    this.queue = written.catch(() => undefined);
    return written;
  }

  private async write(document: string, keepCopy: boolean): Promise<void> {
    const { files, path, copyPath } = this.options;
    if (document !== this.published) {
      // Readable within the runtime folder, which is 0750 and so decides who reads.
      await files.writeAtomically(path, document, 0o644);
      this.published = document;
    }
    if (keepCopy && document !== this.copied) {
      await files.writeAtomically(copyPath, document, 0o600);
      this.copied = document;
    }
  }
}
