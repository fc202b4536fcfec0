import type { LogFields, Logger } from '../../src/ports/logger.js';

/** A logger that keeps what it is told, for tests that look at it. */
export class KeepingLogger implements Logger {
  readonly lines: { level: string; message: string; fields: LogFields }[] = [];

  debug(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'debug', message, fields });
  }
  info(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'info', message, fields });
  }
  warning(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'warning', message, fields });
  }
  error(message: string, fields: LogFields = {}): void {
    this.lines.push({ level: 'error', message, fields });
  }
  with(): Logger {
    return this;
  }
}
