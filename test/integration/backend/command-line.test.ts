// For development only: tests of the development backend as a process.
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import type { BackendAddress } from '../../../src/development/backend/serve.js';
import { TestDevice, TestEcu } from '../../support/backend/device-client.js';

describe('the command line of the development backend', () => {
  let folder: string;
  let program: string;
  let state: string;
  let server: ChildProcess;
  let address: BackendAddress;
  let serverLog = '';

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'backend-cli-'));
    program = join(folder, 'main.js');
    state = join(folder, 'state');
    buildSync({
      entryPoints: [join(__dirname, '../../../src/development/backend/main.ts')],
      bundle: true,
      platform: 'node',
      target: 'node20',
      outfile: program,
      logLevel: 'error',
    });
    server = spawn(process.execPath, [program, 'serve', '--state', state, '--port', '0', '--operator-port', '0']);
    server.stderr!.on('data', (chunk: Buffer) => {
      serverLog += chunk.toString();
    });
    address = await new Promise((resolve, reject) => {
      let text = '';
      server.stdout!.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.endsWith('\n')) {
          resolve(JSON.parse(text) as BackendAddress);
        }
      });
      server.once('exit', () => reject(new Error(`the backend ended: ${serverLog}`)));
    });
  });

  afterAll(() => {
    server.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  function command(...words: string[]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...words], { encoding: 'utf8' });
    return { status, stdout, stderr };
  }

  const json = (...words: string[]): unknown => {
    const { status, stdout, stderr } = command(...words, '--state', state, '--json');
    expect([status, stderr]).toEqual([0, '']);
    return JSON.parse(stdout) as unknown;
  };

  test('an update from publication to report', async () => {
    const device = await TestDevice.provision(address.credentials, 'desk', [new TestEcu('P1', 'board')]);
    await device.register();
    const file = join(folder, 'firmware.bin');
    writeFileSync(file, 'content');
    const published = json('publish-binary', file, '--hardware-id', 'board', '--version', '7') as {
      filename: string;
      sha256: string;
      length: number;
    };
    expect(published).toMatchObject({ filename: 'firmware.bin-7', length: 7, targetFormat: 'BINARY' });
    const [assigned] = json('assign', 'desk', 'firmware.bin-7', '--ecu', 'P1') as { correlationId: string }[];
    expect(assigned!.correlationId).toMatch(/^urn:here-ota:mtu:/);
    expect(json('devices')).toMatchObject([{ deviceId: 'desk', openAssignments: 1 }]);
    await device.sendManifest({ P1: { filepath: published.filename, sha256: published.sha256, length: 7 } });
    expect(json('devices', 'desk')).toMatchObject({ assignments: [{ state: 'succeeded' }], manifestNumber: 1 });
  });

  test('a tree is published, assigned and taken back', async () => {
    const device = await TestDevice.provision(address.credentials, 'tree', [new TestEcu('P1', 'board')]);
    await device.register();
    const tree = join(folder, 'tree');
    const repository = join(folder, 'repository');
    mkdirSync(tree);
    writeFileSync(join(tree, 'file'), 'text');
    execFileSync('ostree', ['init', `--repo=${repository}`, '--mode=archive']);
    const commit = execFileSync('ostree', ['commit', `--repo=${repository}`, '--branch=main', `--tree=dir=${tree}`])
      .toString()
      .trim();
    const target = json('publish-ostree', repository, 'main', '--hardware-id', 'board');
    expect(target).toMatchObject({ filename: `main-${commit}`, sha256: commit, length: 0, targetFormat: 'OSTREE' });
    json('assign', 'tree', `main-${commit}`);
    await device.request('GET', '/director/targets.json');
    const refused = command('cancel', 'tree', '--state', state);
    expect([refused.status, refused.stderr]).toEqual([4, expect.stringContaining('assignment_in_flight')]);
    expect(json('cancel', 'tree', '--force')).toMatchObject([{ state: 'cancelled' }]);
  });

  test('roots are rotated, faults added, listed, ended', () => {
    expect(json('rotate-root', 'director')).toEqual({ repository: 'director', version: 2 });
    expect(json('rotate-root', 'image', '--all-roles')).toEqual({ repository: 'image', version: 2 });
    const fault = json('fault', 'add', 'stall', '--path', 'x', '--times', '2', '--at-byte', '10') as { id: string };
    expect(fault).toMatchObject({ match: { path: 'x', times: 2 }, action: { kind: 'stall', atByte: 10 } });
    expect(json('fault', 'list')).toMatchObject([{ id: fault.id }]);
    json('fault', 'clear', fault.id);
    expect(command('fault', 'list', '--state', state).stdout).toBe('no fault\n');
  });

  test('mistakes end with their exit code and words', () => {
    const unknown = command('assign', 'nobody', 'nothing', '--state', state);
    expect([unknown.status, unknown.stderr]).toEqual([4, expect.stringContaining('missing_entity')]);
    const nowhere = command('devices', '--state', join(folder, 'elsewhere'));
    expect([nowhere.status, nowhere.stderr]).toEqual([6, expect.stringContaining('serve --state')]);
    expect(command('publish-binary', '/none', '--hardware-id', 'x', '--state', state)).toMatchObject({ status: 4 });
    expect(command('asign')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('Did you mean assign') as string,
    });
    expect(command('rotate-root', 'other')).toMatchObject({ status: 2 });
    expect(command('fault', 'add', 'status', '--status', '99')).toMatchObject({ status: 2 });
    expect(command('serve', '--state', join(folder, 'open'), '--address', '0.0.0.0')).toMatchObject({
      status: 4,
      stderr: expect.stringContaining('--i-know-this-is-insecure') as string,
    });
    expect(command('--help')).toMatchObject({ status: 0, stderr: '' });
  });

  test('its log begins with what it is for, and SIGTERM ends it well', async () => {
    expect(serverLog.split('\n')[0]).toContain('for development only');
    const ended = new Promise((resolve) => server.once('exit', (code, signal) => resolve([code, signal])));
    server.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(command('devices', '--state', state)).toMatchObject({ status: 6 });
  });
});
