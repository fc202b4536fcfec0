import type { Files } from '../../ports/files.js';

const tagLimitBytes = 256;

/**
 * The entity tag of the file whose beginning lies in a part file, kept beside it, so that a range is only taken from
 * the same file (If-Range, RFC 9110, 13.1.5). Weak tags are not kept: they don't promise equal bytes.
 */
export class EntityTag {
  readonly #files: Files;
  readonly #path: string;

  constructor(files: Files, path: string) {
    this.#files = files;
    this.#path = path;
  }

  /** The kept tag; null when there is none, or none that may be sent. */
  async read(): Promise<string | null> {
    const text = (await this.#files.read(this.#path, tagLimitBytes))?.toString('latin1') ?? '';
    return isStrongTag(text) ? text : null;
  }

  /** Keeps the tag of a file that begins anew; one that is missing or weak takes the old one away. */
  async keep(tag: string | undefined): Promise<void> {
    if (tag !== undefined && isStrongTag(tag)) await this.#files.writeAtomically(this.#path, tag, 0o600);
    else await this.forget();
  }

  async forget(): Promise<void> {
    await this.#files.remove(this.#path);
  }
}

function isStrongTag(text: string): boolean {
  return text.length <= tagLimitBytes && /^"[\x21\x23-\x7e]*"$/.test(text);
}
