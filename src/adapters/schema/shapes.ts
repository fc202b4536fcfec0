/**
 * Every shape of JSON from outside that is checked, except Uptane metadata (design rule 7). To add one: a line in
 * `shapes`, a wrapper in validators.ts, then `node scripts/generate-validators.js`. This file is bundled by that
 * script, so it must not import anything but the domain.
 */
import { anyOf, count, flag, list, nullable, object, record, text } from '../../domain/json/shape.js';
import type { Shape, TypeOf } from '../../domain/json/shape.js';
import { configurationFileSchema } from '../../domain/configuration/json-schema.js';
import { statusShape } from '../../domain/status/status-document.js';

const historyEntry = object('Something that happened.', {
  time: text('ISO 8601, UTC.', 64),
  event: text('What happened.'),
  correlationId: nullable(text('The assignment.')),
  target: nullable(text('Name of the target.')),
  code: nullable(text('docs/errors.md.', 64)),
  text: text('In a sentence.', 65_536),
});

/** GET /v1/history. */
const historyReply = list(historyEntry, 1000, 'What happened, newest first.');

const shownError = object('Why not.', {
  code: text('docs/errors.md.', 64),
  message: text('What happened.', 65_536),
  hint: text('What a person can do.', 65_536),
});

/** POST /v1/check and /v1/update. */
const actionReply = object('What came of a request.', {
  text: text('In a sentence.', 65_536),
  error: nullable(shownError),
});

/** Any failing reply of the control sockets. */
const controlError = object('Why the daemon refused.', { error: shownError });

/** The last working configuration as it is kept (design rule 12). */
const keptConfiguration = object('Values of the safety keys.', {
  format: count('1.', 1),
  values: record(
    anyOf('A value.', [nullable(text('A text.', 65_536)), flag('A switch.'), count('A number.')]),
    'By section.key.',
  ),
});

/** A configuration file, as strictly as an editor would check it; the daemon itself is more tolerant. */
const configurationFile: Shape<Readonly<Record<string, Readonly<Record<string, unknown>>>>> = {
  schema: configurationFileSchema(),
};

export const shapes = {
  statusDocument: statusShape,
  historyReply,
  actionReply,
  controlError,
  keptConfiguration,
  configurationFile,
} as const satisfies Record<string, Shape<unknown>>;

export type HistoryReply = TypeOf<typeof historyReply>;
export type ActionReply = TypeOf<typeof actionReply>;
export type ControlErrorReply = TypeOf<typeof controlError>;
