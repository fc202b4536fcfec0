/** A mistake in the configuration, or something worth knowing about it. */
export interface ConfigurationProblem {
  /** "mistake" makes `config check` fail; "notice" does not. */
  readonly severity: 'mistake' | 'notice';
  /** The default must not stand in (design rule 12). */
  readonly safety: boolean;
  /** Path of the file, "command line", or null when it belongs to no source. */
  readonly source: string | null;
  /** From 1; null when unknown. */
  readonly line: number | null;
  readonly section: string | null;
  readonly key: string | null;
  /** One sentence that names the key. */
  readonly reason: string;
  /** What was perhaps meant. */
  readonly suggestion: string | null;
}

/** `file:line: reason (did you mean …?)`: one line for logs and `config check`. */
export function problemText(problem: ConfigurationProblem): string {
  const place = problem.source === null ? '' : `${problem.source}${problem.line === null ? '' : `:${problem.line}`}: `;
  const suggestion = problem.suggestion === null ? '' : ` (did you mean ${problem.suggestion}?)`;
  return `${place}${problem.reason}${suggestion}`;
}
