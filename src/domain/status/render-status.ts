import { relativeText } from './moment.js';
import type { StatusDocument, StatusVersion } from './status-document.js';
import { terminalText, wrapText } from './terminal-text.js';

export interface RenderOptions {
  /** ISO 8601, UTC: what "ago" is measured from. */
  readonly now: string;
  /** Columns of the terminal. */
  readonly width: number;
  readonly color: boolean;
}

type Color = 'green' | 'yellow' | 'red' | 'bold';

const codes: Readonly<Record<Color, string>> = { green: '32', yellow: '33', red: '31', bold: '1' };

/** A row: label, text, and how to colour the text. */
interface Row {
  readonly label: string;
  readonly text: string;
  readonly color?: Color;
}

const labelWidth = 14;

/** The status for people. Pure; every text of the outside world is made safe for a terminal first. */
export function renderStatus(document: StatusDocument, options: RenderOptions): string {
  const sections: readonly (readonly Row[])[] = [
    versionRows(document),
    activityRows(document),
    contactRows(document, options.now),
    deviceRows(document),
  ];
  const blocks = sections
    .filter((rows) => rows.length > 0)
    .map((rows) => rows.flatMap((row) => renderRow(row, options)));
  return `${blocks.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function renderRow(row: Row, { width, color }: RenderOptions): readonly string[] {
  const room = Math.max(20, width - labelWidth);
  const lines = row.text.split('\n').flatMap((line) => wrapText(terminalText(line), room));
  return lines.map((line, index) => {
    const label = (index === 0 ? row.label : '').padEnd(labelWidth);
    return `${label}${color && row.color !== undefined ? paint(line, row.color) : line}`.trimEnd();
  });
}

function paint(text: string, color: Color): string {
  return `\u001b[${codes[color]}m${text}\u001b[0m`;
}

function versionRows({ running, pending, rollback, state }: StatusDocument): readonly Row[] {
  const rows: Row[] = [
    { label: '● Running', text: running === null ? 'not known' : versionText(running), color: 'bold' },
  ];
  if (pending !== null) {
    const note = state === 'awaitingReboot' ? ' (boots next)' : '';
    rows.push({ label: '  Pending', text: `${versionText(pending)}${note}`, color: 'yellow' });
  }
  if (rollback !== null) {
    rows.push({ label: '  Rollback', text: versionText(rollback) });
  }
  return rows;
}

/** Twelve digits tell versions apart; the whole checksum is in the JSON. */
function versionText({ name, checksum }: StatusVersion): string {
  const short = checksum === null ? null : checksum.slice(0, 12);
  return name === null ? (short ?? 'not known') : short === null ? name : `${name}  ${short}`;
}

function activityRows(document: StatusDocument): readonly Row[] {
  const rows: Row[] = [{ label: 'State', text: stateText(document), color: stateColor(document) }];
  for (const [index, reason] of document.why.entries()) {
    rows.push({ label: index === 0 ? 'Why' : '', text: reason, color: 'yellow' });
  }
  if (document.correlationId !== null) {
    rows.push({ label: 'Assignment', text: document.correlationId });
  }
  if (document.lastError !== null) {
    const { code, message, hint } = document.lastError;
    rows.push({ label: 'Last error', text: `${code}: ${message}`, color: 'red' }, { label: '', text: hint });
  }
  for (const problem of document.configuration.problems) {
    rows.push({ label: 'Configuration', text: problem, color: document.configuration.degraded ? 'red' : 'yellow' });
  }
  return rows;
}

function stateColor({ why, lastError }: StatusDocument): Color {
  return lastError !== null ? 'red' : why.length > 0 ? 'yellow' : 'green';
}

/** `awaitingReboot` reads as `awaiting reboot`; the progress follows. */
function stateText({ state, progress }: StatusDocument): string {
  const words = state.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  if (progress === null) {
    return words;
  }
  const details = [
    progress.percent === null ? null : `${progress.percent} %`,
    bytesText(progress.bytes, progress.totalBytes),
    progress.objectsFetched === null
      ? null
      : `${progress.objectsFetched}${progress.objectsRequested === null ? '' : ` of ${progress.objectsRequested}`} objects`,
  ].filter((detail) => detail !== null);
  const phase = progress.phase === state || progress.phase === words ? '' : ` (${progress.phase})`;
  return `${words}${phase}${details.length === 0 ? '' : `: ${details.join(', ')}`}`;
}

function bytesText(bytes: number | null, totalBytes: number | null): string | null {
  if (bytes === null) {
    return null;
  }
  return totalBytes === null ? sizeText(bytes) : `${sizeText(bytes)} of ${sizeText(totalBytes)}`;
}

function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? String(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}

function contactRows(document: StatusDocument, now: string): readonly Row[] {
  const { lastPoll, nextPoll, lastSuccessfulContact, holds, queue } = document;
  const rows: Row[] = [
    { label: 'Last contact', text: lastSuccessfulContact === null ? 'never' : timeText(lastSuccessfulContact, now) },
  ];
  if (lastPoll !== null) {
    const result = lastPoll.code === null ? lastPoll.outcome : `${lastPoll.outcome} (${lastPoll.code})`;
    rows.push({ label: 'Last poll', text: `${timeText(lastPoll.time, now)}: ${result}: ${lastPoll.text}` });
  }
  if (nextPoll !== null) {
    rows.push({ label: 'Next poll', text: timeText(nextPoll, now) });
  }
  for (const [index, { targetName, checksum, reason }] of holds.entries()) {
    rows.push({ label: index === 0 ? 'On hold' : '', text: `${targetName}  ${checksum.slice(0, 12)}: ${reason}` });
  }
  const waiting = queue.installationReports + queue.events + queue.deviceData;
  if (waiting > 0) {
    const { installationReports, events, deviceData } = queue;
    const text = `${installationReports} installation reports, ${events} events, ${deviceData} device data`;
    rows.push({ label: 'To be sent', text });
  }
  return rows;
}

function timeText(moment: string, now: string): string {
  const relative = relativeText(moment, now);
  return relative === null ? moment : `${relative} (${moment})`;
}

function deviceRows({ device, sotad }: StatusDocument): readonly Row[] {
  const state = device.provisioned
    ? 'provisioned'
    : `not provisioned${device.reason === null ? '' : `: ${device.reason}`}`;
  const rows: Row[] = [{ label: 'Device', text: `${device.id ?? 'no id yet'} (${state})` }];
  if (device.ecuSerial !== null) {
    const hardware = device.hardwareId === null ? '' : ` (hardware ${device.hardwareId})`;
    rows.push({ label: 'Primary ECU', text: `${device.ecuSerial}${hardware}` });
  }
  rows.push({ label: 'Agent', text: `sotad ${sotad.version}` });
  return rows;
}
