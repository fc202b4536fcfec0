/** Keeps the newest bytes of a stream and never much more than its limit. */
export class BoundedOutput {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #kept = 0;

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#kept += chunk.length;
    // Twice the limit, so that each byte is copied once only however small the chunks are.
    if (this.#kept > 2 * this.#limit) this.#trim();
  }

  /** The kept bytes as text; a character that the limit cut in two is dropped. */
  text(): string {
    this.#trim();
    const bytes = this.#chunks[0] ?? Buffer.alloc(0);
    let start = 0;
    while (start < 3 && start < bytes.length && isContinuation(bytes[start])) start += 1;
    return bytes.toString('utf8', start);
  }

  #trim(): void {
    const all = Buffer.concat(this.#chunks, this.#kept);
    const newest = Buffer.from(all.subarray(Math.max(0, all.length - this.#limit)));
    this.#chunks = [newest];
    this.#kept = newest.length;
  }
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
