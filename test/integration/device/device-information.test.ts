import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeviceInformation } from '../../../src/adapters/device/device-information.js';
import { NodeProcesses } from '../../../src/adapters/exec/node-processes.js';
import { NodeFiles } from '../../../src/adapters/files/node-files.js';
import type { Processes } from '../../../src/ports/processes.js';

/** Runs a script in the place of lshw, which needs not be installed here, as a real process. */
function lshwThatRuns(script: string): Processes {
  const real = new NodeProcesses();
  return {
    run: (request) => {
      expect([request.file, request.arguments]).toEqual(['lshw', ['-json']]);
      return real.run({ ...request, file: 'sh', arguments: ['-c', script] });
    },
  };
}

describe('DeviceInformation', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sotad-device-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const facts = (processes: Processes = new NodeProcesses()): DeviceInformation =>
    new DeviceInformation(new NodeFiles(), processes, { packagesFile: join(folder, 'packages'), procFolder: folder });

  it('tells host name and the network of the default route', async () => {
    expect(await facts().hostname()).toBe(hostname());
    expect(await facts().network()).toBeNull();
    mkdirSync(join(folder, 'net'));
    writeFileSync(
      join(folder, 'net', 'route'),
      'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\nlo\t00000000\t0\t0001\t0\t0\t0\t00000000\n',
    );
    expect(await facts().network()).toEqual({
      hostname: hostname(),
      localIpv4: '127.0.0.1',
      mac: '00:00:00:00:00:00',
    });
  });

  it('tells the packages, none when there is no file', async () => {
    expect(await facts().packages()).toEqual([]);
    writeFileSync(join(folder, 'packages'), 'a 1\n');
    expect(await facts().packages()).toEqual([{ name: 'a', version: '1' }]);
    const none = new DeviceInformation(new NodeFiles(), new NodeProcesses(), { packagesFile: null });
    expect(await none.packages()).toEqual([]);
  });

  it('tells the first element of lshw, whether in an array or not', async () => {
    expect(await facts(lshwThatRuns(`echo '[{"id": "board", "x": 1}, {"id": "two"}]'`)).hardware()).toBe(
      '{"id":"board","x":1}',
    );
    expect(await facts(lshwThatRuns(`echo '{"id": "board"}'`)).hardware()).toBe('{"id":"board"}');
  });

  it('tells nothing without lshw, and an error when that fails', async () => {
    const missing: Processes = { run: (request) => new NodeProcesses().run({ ...request, file: 'no-such-lshw' }) };
    expect(await facts(missing).hardware()).toBeNull();
    await expect(facts(lshwThatRuns('exit 3')).hardware()).rejects.toMatchObject({ code: 'PROCESS_FAILED' });
    await expect(facts(lshwThatRuns('echo "["')).hardware()).rejects.toMatchObject({ code: 'PROCESS_FAILED' });
  });
});
