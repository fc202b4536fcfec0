import { randomBytes } from 'node:crypto';
import { RunningDevice, updated } from '../../support/laboratory/running-device.js';
import { copiedPrograms } from '../../support/programs-folder.js';

const program = copiedPrograms();

interface LoggedRequest {
  readonly path: string;
  readonly status: number | null;
}

test('an object of 30 MB over a link of 1 MB/s comes through in one pull, with a stall limit of 5 s', async () => {
  const device = await RunningDevice.start({ program, device: { stallSeconds: 5 } });
  try {
    const version = await device.publish({ extraFiles: { 'usr/share/large': randomBytes(30_000_000) } });
    const throttle = { match: { path: '\\.filez$' }, action: { kind: 'throttle', bytesPerSecond: 1_000_000 } };
    await device.during(throttle, async () => {
      const update = await device.assign(version);
      await device.laboratory.until('the large object is here', 120, async () => {
        const { state } = await device.status();
        return state !== 'idle' && state !== 'downloading';
      });
      expect(await device.untilUpdated(update)).toEqual(updated);
    });
    // One pull: no object was asked for twice.
    const requests = (await device.backend.call('GET', '/requests')) as readonly LoggedRequest[];
    const objects = requests.map(({ path }) => path).filter((path) => path.endsWith('.filez'));
    expect(objects.length).toBeGreaterThan(0);
    expect(new Set(objects).size).toBe(objects.length);
  } finally {
    await device.close();
  }
});
