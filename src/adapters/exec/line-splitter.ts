const newline = 0x0a;
const carriageReturn = 0x0d;

/** Cuts a stream of bytes into lines; of a line longer than the limit only its beginning is kept and told. */
export class LineSplitter {
  readonly #limit: number;
  readonly #tell: (line: string) => void;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(limitBytes: number, tell: (line: string) => void) {
    this.#limit = limitBytes;
    this.#tell = tell;
  }

  add(chunk: Buffer): void {
    let rest = chunk;
    for (let end = rest.indexOf(newline); end !== -1; end = rest.indexOf(newline)) {
      this.#keep(rest.subarray(0, end));
      this.#emit();
      rest = rest.subarray(end + 1);
    }
    this.#keep(rest);
  }

  /** The stream is over: what came after the last newline is a line as well. */
  end(): void {
    if (this.#length > 0) this.#emit();
  }

  #keep(bytes: Buffer): void {
    const kept = bytes.subarray(0, this.#limit - this.#length);
    if (kept.length === 0) return;
    this.#parts.push(kept);
    this.#length += kept.length;
  }

  #emit(): void {
    let line = Buffer.concat(this.#parts, this.#length);
    if (line.at(-1) === carriageReturn) line = line.subarray(0, -1);
    this.#parts = [];
    this.#length = 0;
    this.#tell(line.toString('utf8'));
  }
}
