import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { zipSync } from 'fflate';
import { ControlServer } from '../../../src/adapters/control/control-server.js';
import { SotaError } from '../../../src/domain/errors/sota-error.js';
import { buildStatus } from '../../../src/domain/status/build-status.js';
import type { StatusDocument } from '../../../src/domain/status/status-document.js';
import type { HistoryEntry } from '../../../src/ports/journal.js';
import type { Logger } from '../../../src/ports/logger.js';
import { atRest, attempt, next } from '../../support/status-inputs.js';

const root = join(__dirname, '..', '..', '..');
const folder = mkdtempSync(join(tmpdir(), 'sotactl-'));
const program = join(folder, 'sotactl.js');
const sockets = join(folder, 'run');
const children: ChildProcess[] = [];

/** The real program in one file, as it ships. */
beforeAll(() => {
  buildSync({
    entryPoints: [join(root, 'src/programs/sotactl/main.ts')],
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    outfile: program,
    define: { SOTAD_VERSION: '"9.8.7"' },
    logLevel: 'error',
  });
});
afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function start(parameters: readonly string[]): { child: ChildProcess; ended: Promise<Run>; out: () => string } {
  const child = spawn(process.execPath, [program, ...parameters], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.push(child);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => (out += String(chunk)));
  child.stderr.on('data', (chunk) => (err += String(chunk)));
  const ended = new Promise<Run>((resolve) => child.once('close', (code) => resolve({ code, out, err })));
  return { child, ended, out: () => out };
}

const run = (...parameters: readonly string[]) => start(parameters).ended;
const ask = (...parameters: readonly string[]) =>
  run(...parameters, '--socket-folder', sockets, '-c', emptyConfiguration());

/** No test depends on what this machine has in /etc/sota. */
function emptyConfiguration(text = ''): string {
  const path = join(folder, 'test.toml');
  writeFileSync(path, `[storage]\npath = "${join(folder, 'storage')}"\n[paths]\nruntime = "${sockets}"\n${text}`);
  return path;
}

const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warning: () => undefined,
  error: () => undefined,
  with: () => silent,
};
const atWork = buildStatus({
  ...atRest,
  record: { state: 'awaitingReboot', attempt, origin: { commit: null, bootId: 'b' } },
  pending: next,
});
const entry: HistoryEntry = {
  time: '2025-06-01T11:00:00Z',
  event: 'Installed',
  correlationId: 'urn:42',
  target: 'image-2',
  code: null,
  text: 'evil\u001b[2J',
};

describe('with a daemon', () => {
  let document: StatusDocument = atWork;
  let changed: () => void = () => undefined;
  const asked: string[] = [];
  let checkReply: unknown = { text: 'nothing new', error: null };
  const server = new ControlServer({
    folder: sockets,
    groupId: null,
    logger: silent,
    statusDocument: () => JSON.stringify(document),
    subscribe: (listener) => {
      changed = listener;
      return () => undefined;
    },
    history: (maximum) => Array.from({ length: Math.min(maximum, 50) }, () => entry),
    check: () => {
      asked.push('check');
      return Promise.resolve(checkReply);
    },
    update: () => Promise.reject(new SotaError('TLS_CLIENT_REFUSED', { message: 'gateway:443 refused us' })),
  });
  beforeAll(() => server.start());
  afterAll(() => server.stop());
  beforeEach(() => (document = atWork));

  test('status for people', async () => {
    const { code, out, err } = await ask('status');
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^● Running {5}image-1 {2}111111111111\n {2}Pending {5}image-2/);
    expect(out).toContain('waiting for reboot');
  });

  test('status --json is the document', async () => {
    const { code, out } = await ask('status', '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual(atWork);
  });

  test('the pending reboot as an exit code, by option only', async () => {
    expect((await ask('status', '--exit-77-if-pending')).code).toBe(77);
    document = buildStatus(atRest);
    expect((await ask('status', '--exit-77-if-pending')).code).toBe(0);
  });

  test('status --watch --json prints each document as a line, and ends with 0 when interrupted', async () => {
    const { child, ended, out } = start(['status', '--watch', '--json', '--socket-folder', sockets]);
    await until(() => out().includes('\n'));
    document = buildStatus(atRest);
    changed();
    await until(() => out().split('\n').length > 2);
    child.kill('SIGINT');
    const { code } = await ended;
    expect(code).toBe(0);
    const states = out()
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as StatusDocument).state);
    expect(states).toEqual(['awaitingReboot', 'idle']);
  });

  test('history, at most so many, harmless for a terminal', async () => {
    const { code, out } = await ask('history', '-n', '3');
    expect(code).toBe(0);
    expect(out).toBe('2025-06-01T11:00:00Z  Installed  image-2  urn:42\n    evil\\u{1b}[2J\n'.repeat(3));
    expect(JSON.parse((await ask('history', '-n', '2', '--json')).out)).toEqual([entry, entry]);
  });

  test('check asks the daemon and shows its answer', async () => {
    expect(await ask('check')).toEqual({ code: 0, out: 'nothing new\n', err: '' });
    expect(asked).toEqual(['check']);
  });

  test.each([
    ['METADATA_SIGNATURE', 3],
    ['NETWORK_TIMEOUT', 5],
    ['OF_A_NEWER_SOTAD', 5],
  ])('a check that failed with %s ends with %d', async (code, exitCode) => {
    checkReply = {
      text: 'failed',
      error: { code, message: 'gateway\u001b[2J', hint: 'Look there.' },
      atMilliseconds: 1,
    };
    expect(await ask('check')).toEqual({ code: exitCode, out: '', err: `${code}: gateway\\u{1b}[2J\nLook there.\n` });
    expect((await ask('check', '--json')).code).toBe(exitCode);
  });

  test('a reply of another form is refused in words', async () => {
    checkReply = null;
    const { code, err } = await ask('check');
    expect(code).toBe(4);
    expect(err).toContain('The reply to check: it must be object');
  });

  test('an error of the daemon keeps its code, its hint and its exit code', async () => {
    const { code, err } = await ask('update');
    expect(code).toBe(4);
    expect(err).toMatch(/^TLS_CLIENT_REFUSED: gateway:443 refused us\n.+\n$/);
  });
});

describe('with something else behind the socket', () => {
  let server: Server;
  let reply = '';
  const other = join(folder, 'other');
  beforeAll(() => {
    mkdirSync(other);
    server = createServer((_request, response) => response.end(reply)).listen(join(other, 'status.sock'));
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test.each([
    ['{"version":2}', "it must have required property 'time'"],
    ['<html>', 'is no JSON'],
    ['', 'is no JSON'],
  ])('%j is refused in words', async (text, message) => {
    reply = text;
    const { code, out, err } = await run('status', '--socket-folder', other);
    expect({ code, out }).toEqual({ code: 4, out: '' });
    expect(err).toContain(message);
  });
});

describe('without a daemon', () => {
  const nowhere = join(folder, 'nowhere');

  test('it says so, and that nothing was left behind', async () => {
    const { code, out, err } = await run('status', '--socket-folder', nowhere, '-c', emptyConfiguration());
    expect({ code, out }).toEqual({ code: 6, out: '' });
    expect(err).toMatch(/^The daemon is not running: .*status\.sock.*\nIt left no status behind/);
  });

  test('the copy in the storage is shown, and the one in the runtime folder before it', async () => {
    mkdirSync(join(folder, 'storage'), { recursive: true });
    writeFileSync(join(folder, 'storage', 'status.json'), JSON.stringify(atWork));
    const fromStorage = await run('status', '--json', '--socket-folder', nowhere, '-c', emptyConfiguration());
    expect(fromStorage.code).toBe(6);
    expect(fromStorage.err).toContain(`(${join(folder, 'storage', 'status.json')})`);
    expect(JSON.parse(fromStorage.out)).toEqual(atWork);
    mkdirSync(sockets, { recursive: true });
    writeFileSync(join(sockets, 'status.json'), JSON.stringify(buildStatus(atRest)));
    const fromRuntime = await run('status', '-c', emptyConfiguration());
    expect(fromRuntime.code).toBe(6);
    expect(fromRuntime.err).toMatch(/This is its last status, made \d+ days ago/);
    expect(fromRuntime.out).toContain('State         idle');
  });

  test.each(['check', 'update', 'history'])('%s ends with 6 and says how to start it', async (verb) => {
    const { code, err } = await run(verb, '--socket-folder', nowhere);
    expect(code).toBe(6);
    expect(err).toMatch(/^DAEMON_NOT_RUNNING: .*\nStart it: systemctl start sotad\.\n$/);
  });

  test('a socket path that is too long is told, not cut', async () => {
    const { code, err } = await run('status', '--socket-folder', `/run/${'x'.repeat(120)}`);
    expect(code).toBe(4);
    expect(err).toContain('CONFIGURATION_INVALID');
  });
});

describe('config', () => {
  test('check lists mistakes with their lines and ends with 4', async () => {
    const path = emptyConfiguration('[uptane]\npoling_sec = 5\n[pacman]\ntype = "debian"\n');
    const { code, out } = await run('config', 'check', '-c', path);
    expect(code).toBe(4);
    expect(out).toContain(
      `mistake: ${path}:6: uptane.poling_sec is no key that sotad knows (did you mean uptane.polling_sec?)\n`,
    );
    expect(out).toContain(`mistake (safety): ${path}:8: pacman.type must be one of ostree, none, not "debian"\n`);
    expect(out).toContain('2 mistakes in 1 file.\n');
    const asJson = JSON.parse((await run('config', 'check', '--json', '-c', path)).out) as { degraded: boolean };
    expect(asJson.degraded).toBe(true);
  });

  test('check ends with 0 when only notices are left', async () => {
    const path = emptyConfiguration('[uptane]\nsecondary_config_file = "/s.json"\n');
    const { code, out } = await run('config', 'check', '-c', path);
    expect(code).toBe(0);
    expect(out).toMatch(/^notice: .*accepted but not used yet.*\nNo mistake in 1 file\.\n$/);
  });

  test('show names the source of each value, derives the servers from the archive, and masks secrets', async () => {
    const archive = join(folder, 'credentials.zip');
    writeFileSync(archive, zipSync({ 'autoprov.url': Buffer.from('https://gateway.example:8443\n') }));
    const path = emptyConfiguration(`[provision]\nprovision_path = "${archive}"\np12_password = "hush"\n`);
    const { code, out } = await run('config', 'show', '-c', path);
    expect(code).toBe(0);
    expect(out).toContain('director_server = "https://gateway.example:8443/director"  # derived from tls.server\n');
    expect(out).toMatch(new RegExp(`p12_password = "\\*\\*\\*" +# ${path}:7\n`));
    expect(out).not.toContain('hush');
    const asJson = JSON.parse((await run('config', 'show', '--json', '-c', path)).out) as Record<string, unknown>;
    expect(asJson['provision.p12_password']).toEqual({ value: '***', kind: 'file', source: path, line: 7 });
  });

  test('show says when the daemon would not use these values', async () => {
    const wrong = await run('config', 'show', '-c', emptyConfiguration('[pacman]\ntype = "debian"\n'));
    expect(wrong.code).toBe(0);
    expect(wrong.err).toMatch(/^A safety key has a mistake/);
    expect((await run('config', 'show', '-c', emptyConfiguration())).err).toBe('');
  });

  test('a path that does not exist ends with 4', async () => {
    const { code, err } = await run('config', 'show', '-c', join(folder, 'absent'));
    expect(code).toBe(4);
    expect(err).toContain('absent does not exist');
  });
});

describe('the command line', () => {
  test.each([
    [['stauts'], 'Did you mean status?'],
    [['status', '--jsn'], 'Did you mean --json?'],
    [['history', '-n', '0'], 'from 1 to 1000'],
    [['config'], 'Usage: sotactl config'],
    [[], 'Usage: sotactl'],
  ])('%j is wrong use', async (parameters, message) => {
    const { code, out, err } = await run(...parameters);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
  });

  test('help has examples and every exit code; version is the build’s', async () => {
    const { code, out } = await run('--help');
    expect(code).toBe(0);
    expect(out).toContain('sotactl status --watch');
    expect(out).toContain('77  a reboot is pending');
    expect((await run('version')).out).toBe('sotactl 9.8.7\n');
  });

  test('a reader that goes away is no failure', () => {
    const script = `set -o pipefail; ${process.execPath} ${program} config show --json | true`;
    const { status, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('the bundle runs from a folder of its own and holds no validator of configuration files', () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'sotactl-alone-'));
    try {
      copyFileSync(program, join(elsewhere, 'main.js'));
      const { stdout } = spawnSync(process.execPath, [join(elsewhere, 'main.js'), 'version'], {
        encoding: 'utf8',
        cwd: elsewhere,
      });
      expect(stdout).toBe('sotactl 9.8.7\n');
      expect(readFileSync(program, 'utf8')).not.toContain('#/properties/pacman');
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });
});

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > end) {
      throw new Error('it did not happen within 10 s');
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
