import type { Writable } from 'node:stream';
import winston from 'winston';
import type { LogFields, Logger, RecentLog } from '../../ports/logger.js';
import { cut } from './escaping.js';
import { printLogLine, type LogForm, type LogRecord } from './log-line.js';
import { priorities, type LogLevel } from './log-level.js';
import { RecentLines } from './recent-lines.js';
import { redactFields, redactText } from './redaction.js';

export interface LoggerOptions {
  readonly form: LogForm;
  readonly level: LogLevel;
  /** Standard output or error of the program, or a stream of a test. */
  readonly stream: Writable;
  /** For tests; by default the system clock, and only for the eye. */
  readonly now?: () => Date;
}

export interface ProductLogger extends Logger, RecentLog {
  /** From now on lines without a correlation id belong to this update; null: to none. */
  belongTo(correlationId: string | null): void;
  /** Resolves when everything was handed to the stream; nothing is logged afterwards. The stream stays open. */
  close(): Promise<void>;
}

/** Memory for the last lines: an update's share of it goes into its report. */
const keptBytes = 131_072;

/** All loggers of a program write through one of these. */
class LogWriter {
  readonly recent = new RecentLines(keptBytes);
  /** Of the update at work: for lines that name none. */
  currentCorrelationId: string | null = null;
  private readonly logger: winston.Logger;

  constructor(private readonly options: LoggerOptions) {
    const stream = new winston.transports.Stream({ stream: options.stream, eol: '\n' });
    this.logger = winston.createLogger({
      levels: priorities,
      level: options.level,
      format: winston.format.printf((info) => String(info.message)),
      // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- declared as an interface there
      transports: stream,
      exitOnError: false,
    });
    // A reader that went away (EPIPE) must not end the daemon: its lines are lost, the program goes on.
    options.stream.on('error', () => (this.logger.silent = true));
  }

  write(level: LogLevel, message: string, given: LogFields): void {
    const fields =
      this.currentCorrelationId === null ? given : { correlationId: this.currentCorrelationId, ...defined(given) };
    const record: LogRecord = {
      time: (this.options.now ?? (() => new Date()))().toISOString(),
      level,
      message: cut(redactText(message)),
      fields: redactFields(fields),
    };
    const isWritten = priorities[level] <= priorities[this.options.level];
    // A report deserves the ordinary lines even where the journal shows only errors.
    if (isWritten || priorities[level] <= priorities.info) {
      this.recent.add(fields.correlationId ?? null, printLogLine('text', record));
    }
    if (isWritten) this.logger.log(level, printLogLine(this.options.form, record));
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.logger.once('finish', resolve);
      this.logger.end();
    });
  }
}

class FieldLogger implements ProductLogger {
  constructor(
    private readonly writer: LogWriter,
    private readonly fields: LogFields,
  ) {}

  debug(message: string, fields: LogFields = {}): void {
    this.writer.write('debug', message, { ...this.fields, ...fields });
  }

  info(message: string, fields: LogFields = {}): void {
    this.writer.write('info', message, { ...this.fields, ...fields });
  }

  warning(message: string, fields: LogFields = {}): void {
    this.writer.write('warning', message, { ...this.fields, ...fields });
  }

  error(message: string, fields: LogFields = {}): void {
    this.writer.write('error', message, { ...this.fields, ...fields });
  }

  with(fields: LogFields): Logger {
    return new FieldLogger(this.writer, { ...this.fields, ...fields });
  }

  tail(correlationId: string | null, maximumBytes: number): string {
    return this.writer.recent.tail(correlationId, maximumBytes);
  }

  belongTo(correlationId: string | null): void {
    this.writer.currentCorrelationId = correlationId;
  }

  close(): Promise<void> {
    return this.writer.close();
  }
}

/** An id that a caller hands on as undefined is none of its own. */
function defined(fields: LogFields): LogFields {
  if (fields.correlationId !== undefined) return fields;
  return Object.fromEntries(Object.entries(fields).filter(([name]) => name !== 'correlationId'));
}

/**
 * The log of a program, through winston: one line a message whatever the texts hold, secrets taken out, the
 * correlation id on each line whose logger or call knows one.
 */
export function createLogger(options: LoggerOptions): ProductLogger {
  return new FieldLogger(new LogWriter(options), {});
}
