import { existsSync } from 'node:fs';
import type { Logger } from '../../ports/logger.js';
import type { Processes } from '../../ports/processes.js';

export interface ShutdownInhibitorsOptions {
  readonly processes: Processes;
  readonly logger: Logger;
  /** Exists where systemd runs (sd_booted(3)); for tests another one. */
  readonly systemdFolder?: string;
  /** For tests; the product takes the one on the search path. */
  readonly busctl?: string;
}

/** One entry of logind's ListInhibitors: what, who, why, mode, user, process. */
type Inhibitor = readonly [what: string, who: string, why: string, mode: string, user: number, process: number];

function isInhibitor(value: unknown): value is Inhibitor {
  return Array.isArray(value) && value.slice(0, 4).every((part) => typeof part === 'string') && value.length >= 4;
}

/** @returns null when it is not the reply that it should be. */
function inhibitorsIn(reply: string): readonly Inhibitor[] | null {
  let parsed: unknown;
  try {
    parsed = JSON.parse(reply);
  } catch {
    return null;
  }
  const data = typeof parsed === 'object' && parsed !== null && 'data' in parsed ? parsed.data : null;
  const list: unknown = Array.isArray(data) ? data[0] : null;
  return Array.isArray(list) && list.every(isInhibitor) ? list : null;
}

/**
 * Who blocks a shutdown at logind, in words; null when nobody does, or where no systemd or no logind runs.
 * Asked over the bus, since the table of `systemd-inhibit --list` cuts its columns. Only locks of the mode "block"
 * count: "delay" and "block-weak" don't keep root from rebooting.
 */
export async function shutdownInhibitor(options: ShutdownInhibitorsOptions): Promise<string | null> {
  if (!existsSync(options.systemdFolder ?? '/run/systemd/system')) return null;
  const destination = 'org.freedesktop.login1';
  const outcome = await options.processes.run({
    file: options.busctl ?? 'busctl',
    arguments: [
      '--json=short',
      'call',
      destination,
      '/org/freedesktop/login1',
      `${destination}.Manager`,
      'ListInhibitors',
    ],
    timeoutSeconds: 10,
  });
  const inhibitors = outcome.exitCode === 0 ? inhibitorsIn(outcome.standardOutput) : null;
  if (inhibitors === null) {
    options.logger.debug(`logind does not tell its inhibitors: ${outcome.standardError.trim()}`);
    return null;
  }
  const blocking = inhibitors.find(([what, , , mode]) => mode === 'block' && what.split(':').includes('shutdown'));
  return blocking === undefined ? null : `${blocking[1]} inhibits the shutdown: ${blocking[2]}`;
}
