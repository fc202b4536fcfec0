import { bootOrder } from '../../support/laboratory/boot-order.js';
import { RunningDevice, untouched, updated, type Assigned } from '../../support/laboratory/running-device.js';
import { copiedPrograms } from '../../support/programs-folder.js';

const program = copiedPrograms();
/** libostree leaves the boot folders as they are when kernel, arguments and this title stay. */
const sameKernel = { kernel: '6.6.1', title: 'SOTA test' };
let board: RunningDevice;

beforeAll(async () => {
  // Polls come when a test asks for one: a report that is refused three times is dropped.
  board = await RunningDevice.start({ program, device: { pollSeconds: 60 } }, sameKernel);
});
afterAll(async () => board.close());

/** While the server takes no manifest the director keeps an assignment that failed. */
const refusedManifest = {
  match: { method: 'PUT', path: '^/director/manifest$' },
  action: { kind: 'status', status: 400 },
};

describe.each([
  { name: 'the same kernel', tree: sameKernel },
  { name: 'another kernel', tree: {} },
])('rolled back with $name', ({ tree }) => {
  let failed: Assigned;

  test('the old version runs, and the target is not tried again while the director keeps it', async () => {
    const bootsBefore = board.device.boots.length;
    const version = await board.publish(tree);
    board.device.nextEntry = 2;
    failed = await board.assign(version);
    await board.check();
    await board.backend.addFault(refusedManifest);
    const held = await board.untilStatus(
      'the target is on hold',
      ({ lastPoll }) => lastPoll?.text.includes('on hold') === true,
      {
        polling: false,
      },
    );
    expect(held).toMatchObject({ state: 'idle', queue: { installationReports: 1 } });
    expect(held.holds).toContainEqual(
      expect.objectContaining({ checksum: failed.commit, correlationId: failed.correlationId }),
    );
    expect(await board.observe(failed)).toEqual(untouched);
    expect(board.device.boots.slice(bootsBefore).map(({ entry }) => entry)).toEqual([2]);
    expect(await bootOrder(board.device.folders.sysroot)).not.toContain(failed.commit);
  });

  test('the failure is reported once', async () => {
    await board.backend.clearFaults();
    await board.untilStatus('the report is gone', ({ queue }) => queue.installationReports === 0);
    expect(await board.observe(failed)).toEqual({ ...untouched, assignment: 'failed', reports: 1 });
    const [report] = board.reportsOn(await board.record(), failed.correlationId);
    expect(report).toContain('ROLLED_BACK');
    // The log of before the reboot is in it too.
    expect(report).toContain('downloading -> ready');
    expect(report).toContain('rebooting -> undoing');
  });

  test('the next version is confirmed, and the failure is not reported again', async () => {
    expect(await board.untilUpdated(await board.assign(await board.publish(tree)))).toEqual(updated);
    expect(board.reportsOn(await board.record(), failed.correlationId)).toHaveLength(1);
  });
});

test('withdrawn while it waits for the reboot: undeployed, nothing reported, and the next assignment comes', async () => {
  await board.device.writeConfiguration({ uptane: ['force_install_completion = false'] });
  await board.restart();
  const withdrawn = await board.assign(await board.publish());
  const waiting = await board.untilStatus('it waits for the reboot', ({ state }) => state === 'awaitingReboot');
  expect(waiting.why.join()).toContain('waiting for reboot');
  expect(await board.observe(withdrawn)).toEqual({ ...untouched, bootsFirst: 'new' });
  await board.backend.cancel(board.uuid);
  await board.untilStatus('it is at rest', ({ state }) => state === 'idle');
  expect(await board.observe(withdrawn)).toEqual({ ...untouched, assignment: 'cancelled' });
  expect(await bootOrder(board.device.folders.sysroot)).not.toContain(withdrawn.commit);
  expect(await board.history()).toContainEqual(
    expect.objectContaining({ event: 'withdrawn', code: 'WITHDRAWN', correlationId: withdrawn.correlationId }),
  );
  await board.device.writeConfiguration({});
  await board.restart();
  expect(await board.untilUpdated(await board.assign(await board.publish()))).toEqual(updated);
});

test('a target whose commit runs already is taken by name and reported, without deploy or reboot', async () => {
  const bootsBefore = board.device.boots.length;
  const orderBefore = await bootOrder(board.device.folders.sysroot);
  const renamed = await board.assign(await board.publishAs(board.running, 'renamed'));
  expect(await board.untilUpdated(renamed)).toEqual({ ...updated, bootsFirst: 'new' });
  const { ecus } = await board.record();
  expect(ecus[0]?.installed).toMatchObject({ filepath: renamed.target, sha256: renamed.commit });
  expect(board.device.boots).toHaveLength(bootsBefore);
  expect(await bootOrder(board.device.folders.sysroot)).toEqual(orderBefore);
});
