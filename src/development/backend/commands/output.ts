// For development only: never part of what runs on a device.
/** Options of every verb. */
export interface GlobalOptions {
  readonly state: string;
  readonly json?: boolean;
}

/** The result for people, or as one line of JSON. */
export function show(options: GlobalOptions, result: unknown, lines: readonly string[]): void {
  process.stdout.write(options.json === true ? `${JSON.stringify(result)}\n` : `${lines.join('\n')}\n`);
}
