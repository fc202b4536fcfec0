import type { LogFields } from '../../ports/logger.js';
import { escapeJson, escapeText } from './escaping.js';
import { priorities, type LogLevel } from './log-level.js';

/** text: for a terminal; json: a JSON object a line; journal: `<6>` prefixes for systemd's journal. */
export type LogForm = 'text' | 'json' | 'journal';

export interface LogRecord {
  /** ISO 8601, UTC. */
  readonly time: string;
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

function fieldsAsText(fields: LogFields): string {
  return Object.entries(fields)
    .map(([name, value]) => {
      const text = typeof value === 'string' ? value : String(value);
      const isPlain = typeof value !== 'string' || /^[\w.:/@+-]+$/.test(text);
      return ` ${escapeText(name)}=${isPlain ? text : escapeJson(JSON.stringify(text))}`;
    })
    .join('');
}

/** One line without its end; whatever the texts hold, it is one line. */
export function printLogLine(form: LogForm, { time, level, message, fields }: LogRecord): string {
  const text = `${escapeText(message)}${fieldsAsText(fields)}`;
  switch (form) {
    case 'json':
      return escapeJson(JSON.stringify({ ...fields, time, level, message }));
    case 'journal':
      return `<${priorities[level]}>${text}`;
    case 'text':
      return `${time} ${level.padEnd(8)} ${text}`;
  }
}
