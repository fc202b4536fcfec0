import type { UpdateContext } from '../update-context.js';
import type { Effects } from '../update-runner.js';
import { awaitClearance } from './clearance.js';
import { confirm } from './confirm.js';
import { download } from './download.js';
import { install } from './install.js';
import { offerReboot, reboot } from './reboot.js';
import { report } from './report.js';
import { undo } from './undo.js';

/** The effects of all states over one context. */
export function makeEffects(context: UpdateContext): Effects {
  return {
    download: (record, signal) => download(context, record, signal),
    awaitClearance: (record, signal) => awaitClearance(context, record, signal),
    install: (record) => install(context, record),
    offerReboot: (record, signal) => offerReboot(context, record, signal),
    reboot: (record, signal) => reboot(context, record, signal),
    confirm: (record) => confirm(context, record),
    undo: (record) => undo(context, record),
    report: (record) => report(context, record),
  };
}
