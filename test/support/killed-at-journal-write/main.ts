/**
 * The real sotad, but for a journal that kills it. Environment:
 *   KILL_COUNT   file that counts writes over all starts, one line a write
 *   KILL_AT      which write, from 1; 0: none
 *   KILL_WHEN    before | after
 */
import { runSotad } from '../../../src/programs/sotad/command-line.js';
import { KillingStateStore, type KillPoint } from './killing-state-store.js';

function killPoint({ KILL_COUNT, KILL_AT, KILL_WHEN }: NodeJS.ProcessEnv): KillPoint {
  const at = Number(KILL_AT);
  const isRight =
    KILL_COUNT !== undefined && Number.isSafeInteger(at) && (KILL_WHEN === 'before' || KILL_WHEN === 'after');
  if (!isRight) throw new Error('KILL_COUNT, KILL_AT and KILL_WHEN must be set');
  return { countFile: KILL_COUNT, at, when: KILL_WHEN };
}

const point = killPoint(process.env);
void runSotad(process.argv.slice(2), (state) => new KillingStateStore(state, point)).then((exitCode) => {
  process.exitCode = exitCode;
});
