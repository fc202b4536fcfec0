/**
 * The power is cut (sotad and ostree die by kill -9 at once, then the board boots) all along a pull and a deploy: after
 * each few milliseconds of the work of ostree, until it ends before it is met.
 */
import { converge, kill, reach, whatBoots } from '../support/kills/kill-ostree.js';
import { UpdateStation } from '../support/kills/update-station.js';
import { copiedPrograms } from '../support/programs-folder.js';

const program = copiedPrograms();
const victim = 'everything, then the board boots';
/** ostree runs for about a millisecond between two looks. */
const looksBetweenCuts = 6;
/** So many runs that ended before the cut in a row mean that the end is reached. */
const endedInRow = 3;
const mostCuts = 150;

test.each([{ verb: ['pull'] }, { verb: ['admin', 'deploy'] }])(
  'power cuts all along ostree $verb',
  async ({ verb }) => {
    let station = await UpdateStation.open('ostree', program, 1);
    const failures: string[] = [];
    const booted = { old: 0, new: 0 };
    let missed = 0;
    let cuts = 0;
    try {
      for (let turn = 0; turn < mostCuts && missed < endedInRow; turn += 1) {
        const former = station.device.boots.at(-1)?.commit ?? '';
        const wanted = await station.assignTree({ files: 60, sizeBytes: 600_000 });
        let looks = 0;
        const moment = {
          name: `look ${turn * looksBetweenCuts}`,
          verb,
          isReached: () => Promise.resolve((looks += 1) > turn * looksBetweenCuts),
        };
        try {
          const child = await reach(station, moment, wanted);
          missed = child === null ? missed + 1 : 0;
          if (child !== null) {
            cuts += 1;
            await kill(station, victim, child);
            const boots = await whatBoots(station);
            expect([former, wanted.sha256]).toContain(boots);
            booted[boots === former ? 'old' : 'new'] += 1;
            await converge(station, victim, wanted);
          } else {
            await converge(station, 'sotad alone', wanted);
          }
          await station.device.powerOff();
        } catch (error) {
          failures.push(`${moment.name}: ${String(error)}`);
          process.stderr.write(`${failures.at(-1) ?? ''}\n`);
          await station.close();
          station = await UpdateStation.open('ostree', program, 1);
        }
      }
    } finally {
      await station.close();
    }
    process.stderr.write(
      `ostree ${verb.join(' ')}: ${cuts} cuts, ${failures.length} failures; then booted the old version ${booted.old}, the new one ${booted.new} times\n`,
    );
    expect(failures).toEqual([]);
  },
);
