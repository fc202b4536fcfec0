import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bundleProgram } from '../../support/bundled-program.js';
import type { DownloaderTask } from '../../support/programs/downloader.js';
import { startHttpsServer, type RunningHttpsServer } from '../../support/tls/https-server.js';
import { makeTestIdentities } from '../../support/tls/test-authority.js';

const identities = makeTestIdentities();
const file = randomBytes(6_000_000);
const sha256 = createHash('sha256').update(file).digest('hex');

/** What only a process of its own can show: kills, a full disk, a dead name server, the garbage collector. */
describe('curl in a process of its own', () => {
  let folder: string;
  let program: string;
  let server: RunningHttpsServer;
  let slow = false;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sotad-curl-'));
    program = bundleProgram('test/support/programs/downloader.ts', join(folder, 'program'));
    server = await startHttpsServer({
      certificate: identities.server,
      clientAuthority: identities.deviceAuthority,
      handle: (request, response) => {
        if (request.url === '/small') {
          response.end(file.subarray(0, 1_000_000));
          return;
        }
        const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
        const range = `bytes ${from}-${file.length - 1}/${file.length}`;
        response.writeHead(from > 0 ? 206 : 200, {
          'content-length': file.length - from,
          ...(from > 0 ? { 'content-range': range } : {}),
        });
        if (slow) response.write(file.subarray(from, from + 2_000_000));
        else response.end(file.subarray(from));
      },
    });
  });
  afterAll(async () => {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Runs the program, in namespaces of its own if asked; its outcome and whether it ended well. */
  function start(task: Partial<DownloaderTask>, before: readonly string[] = [], nodeOptions: readonly string[] = []) {
    const taskPath = join(folder, 'task.json');
    const identity = {
      certificateAuthorities: identities.serverAuthority.certificate,
      clientCertificate: identities.device.certificate,
      clientKey: identities.device.key,
    };
    const whole = { identity, url: server.url, expectedBytes: file.length, sha256, ...task };
    writeFileSync(taskPath, JSON.stringify(whole), { mode: 0o600 });
    const [command, ...words] = [...before, process.execPath, ...nodeOptions, program, taskPath];
    const child = spawn(command, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    const outcome = new Promise<Record<string, unknown>>((resolve) => {
      child.once('close', (exitCode, signal) => {
        const text = Buffer.concat(chunks).toString();
        resolve({ exitCode, signal, ...(text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)) });
      });
    });
    return { child, outcome };
  }

  it('goes on after a kill where the killed one stopped', async () => {
    const partPath = join(folder, 'killed.part');
    slow = true;
    const { child, outcome } = start({ partPath });
    while (!existsSync(partPath) || statSync(partPath).size < 1_000_000) await delay(10);
    child.kill('SIGKILL');
    expect(await outcome).toMatchObject({ signal: 'SIGKILL' });
    slow = false;
    server.requests.length = 0;
    expect(await start({ partPath }).outcome).toMatchObject({ exitCode: 0, code: 'none' });
    expect(server.requests).toEqual(['GET /']);
    expect(readFileSync(partPath).equals(file)).toBe(true);
  });

  it('says that the disk is full', async () => {
    const script = `mkdir -p ${folder}/small && mount -t tmpfs -o size=1m none ${folder}/small && exec "$@"`;
    const { outcome } = start({ partPath: join(folder, 'small', 'part') }, [
      'unshare',
      '-rm',
      'sh',
      '-c',
      script,
      'sh',
    ]);
    expect(await outcome).toMatchObject({
      exitCode: 0,
      code: 'DISK_FULL',
    });
  });

  it('is neither stopped nor kept from ending by a name server that does not answer', async () => {
    writeFileSync(join(folder, 'resolv.conf'), 'nameserver 127.0.0.1\n');
    const silent = `const s = require('dgram').createSocket('udp4'); s.bind(53, '127.0.0.1');
      s.on('listening', () => require('fs').writeFileSync('${folder}/listens', ''))`;
    const script = `ip link set lo up && mount --bind ${folder}/resolv.conf /etc/resolv.conf || exit 9
      ${process.execPath} -e "${silent}" >/dev/null 2>&1 & silent=$!
      until [ -e ${folder}/listens ]; do sleep 0.05; done
      "$@"; code=$?; kill $silent; exit $code`;
    const { outcome } = start(
      { url: 'https://gateway.example/', partPath: join(folder, 'named.part'), abortAfterMilliseconds: 300 },
      ['unshare', '-rmn', 'sh', '-c', script, 'sh'],
    );
    const told = await outcome;
    expect(told).toMatchObject({ exitCode: 0, code: 'ABORTED' });
    expect(told['took']).toBeLessThan(2_000);
    expect(told['longestPause']).toBeLessThan(2_000);
  });

  it('survives constant garbage collection with clients that nobody holds, and keeps no reply', async () => {
    const { outcome } = start({ url: `${server.url}/small` }, [], ['--expose-gc']);
    const told = await outcome;
    expect(told).toMatchObject({ exitCode: 0, signal: null, code: 'none' });
    expect(Number(told['done']) + Number(told['cancelled'])).toBe(200);
    expect(Number(told['done'])).toBeGreaterThan(20);
    // Replies of 1 MB each: none of them stays in memory.
    expect(Number(told['keptBytes'])).toBeLessThan(5_000_000);
  });
});
