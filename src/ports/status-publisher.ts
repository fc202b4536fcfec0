/** Where the status document goes (`status.json` in the runtime folder, a copy in storage). */
export interface StatusPublisher {
  /** JSON. Writes only what changed, and the copy in storage only when the phase changed. */
  publish(document: string, options: { readonly keepCopy: boolean }): Promise<void>;
}
