/** Fields of a log line. Values are escaped when written; secrets must not be among them. */
export interface LogFields {
  readonly correlationId?: string | undefined;
  readonly code?: string | undefined;
  readonly [field: string]: string | number | boolean | null | undefined;
}

/** Where the product says what it does. Levels are syslog's. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warning(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger whose lines all carry these fields. */
  with(fields: LogFields): Logger;
}

/** The last lines written about one update, for its report. */
export interface RecentLog {
  /** At most this many bytes of the newest lines with the correlation id (all lines without one), oldest first. */
  tail(correlationId: string | null, maximumBytes: number): string;
}
