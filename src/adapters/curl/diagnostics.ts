const keptLines = 12;
const lineLimit = 300;

/** Lines of libcurl that never say why something failed. */
const noise = /^(Closing connection|Connection #|Hostname|Could not find host|\s)/;

const recordLayer = /^(TLSv1|SSL)[^ ]* \((IN|OUT)\)/;

/** What libcurl says about a transfer: its error codes alone don't tell why a handshake failed. */
export class Diagnostics {
  #lines: string[] = [];

  add(text: Buffer): void {
    for (const line of text.toString('utf8').split('\n')) {
      if (line.trim() === '' || noise.test(line)) continue;
      this.#lines.push(line.trim().slice(0, lineLimit));
      if (this.#lines.length > keptLines) this.#lines.shift();
    }
  }

  /** The newest line that isn't of the TLS record layer; the reason, when the transfer failed. */
  reason(): string {
    return this.#lines.findLast((line) => !recordLayer.test(line)) ?? '';
  }

  text(): string {
    return this.#lines.join('\n');
  }
}
