import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { ControlClient } from '../../../src/adapters/control/control-client.js';
import { ControlServer, type ControlServerOptions } from '../../../src/adapters/control/control-server.js';
import { findGroupId } from '../../../src/adapters/control/group-id.js';
import { NodeProcesses } from '../../../src/adapters/exec/node-processes.js';
import { SotaError } from '../../../src/domain/errors/sota-error.js';
import { KeepingLogger } from '../../support/keeping-logger.js';

let base: string;
let folder: string;
let document: string;
let listeners: Set<() => void>;
let logger: KeepingLogger;
let servers: ControlServer[];

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'sotad-control-'));
  folder = join(base, 'run');
  document = '{\n  "version": 1,\n  "phase": "idle"\n}\n';
  listeners = new Set();
  logger = new KeepingLogger();
  servers = [];
});

afterEach(async () => {
  for (const server of servers) await server.stop();
  rmSync(base, { recursive: true, force: true });
});

const entry = (event: string) => ({
  time: '2026-01-01T00:00:00Z',
  event,
  correlationId: null,
  target: null,
  code: null,
  text: event,
});

function makeServer(changes: Partial<ControlServerOptions> = {}): ControlServer {
  const server = new ControlServer({
    folder,
    groupId: null,
    logger,
    statusDocument: () => document,
    subscribe: (onChange) => {
      listeners.add(onChange);
      return () => listeners.delete(onChange);
    },
    history: (maximum) => [entry('b'), entry('a')].slice(0, maximum),
    check: () => Promise.resolve({ accepted: true }),
    update: () => Promise.reject(new SotaError('UPDATE_LOCKED', { message: 'held by x', hint: 'wait' })),
    ...changes,
  });
  servers.push(server);
  return server;
}

interface RawReply {
  readonly status: number;
  readonly body: string;
}

function raw(socket: string, method: string, path: string, body = ''): Promise<RawReply> {
  return new Promise((resolve, reject) => {
    const sent = request({ socketPath: join(folder, socket), method, path, agent: false }, (reply) => {
      let text = '';
      reply.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      reply.on('end', () => resolve({ status: reply.statusCode ?? 0, body: text }));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

test('status and history are answered as they are', async () => {
  await makeServer().start();
  const client = new ControlClient({ folder });
  expect(await client.status()).toBe(document);
  expect((await client.history(1)).map((each) => each.event)).toEqual(['b']);
  expect((await client.history(500)).map((each) => each.event)).toEqual(['b', 'a']);
});

test('an action gives its answer; its error arrives with code, message and hint', async () => {
  await makeServer().start();
  const client = new ControlClient({ folder });
  expect(await client.check()).toEqual({ accepted: true });
  await expect(client.update()).rejects.toMatchObject({
    code: 'UPDATE_LOCKED',
    kind: 'transient',
    message: 'held by x',
    hint: 'wait',
  });
});

test('a bug in the daemon tells the client nothing of its text', async () => {
  await makeServer({ check: () => Promise.reject(new Error('private detail')) }).start();
  const error: unknown = await new ControlClient({ folder }).check().catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'INTERNAL' });
  expect(String(error)).not.toContain('private detail');
  expect(logger.lines[0]?.message).toContain('private detail');
});

test('watching gives the present document and each change, a line each', async () => {
  await makeServer().start();
  const seen: string[] = [];
  const stop = new AbortController();
  const watching = new ControlClient({ folder }).watch((line) => {
    seen.push(line);
    if (seen.length === 1) {
      document = '{"phase":"downloading"}';
      listeners.forEach((tell) => tell());
    } else stop.abort();
  }, stop.signal);
  await watching;
  expect(seen).toEqual(['{"version":1,"phase":"idle"}', '{"phase":"downloading"}']);
});

test('a watch ends as DAEMON_NOT_RUNNING or quietly when the daemon stops, and never hangs', async () => {
  const server = makeServer();
  await server.start();
  const seen: string[] = [];
  const watching = new ControlClient({ folder })
    .watch((line) => seen.push(line))
    .then(
      () => 'ended',
      (error: unknown) => (error as SotaError).code,
    );
  while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await server.stop();
  expect(['ended', 'DAEMON_NOT_RUNNING']).toContain(await watching);
  expect(listeners.size).toBe(0);
});

test('modes: the folder 0750, status.sock 0660, control.sock 0600, whatever the umask', async () => {
  const former = process.umask(0);
  try {
    await makeServer().start();
    expect(process.umask(former)).toBe(0);
  } finally {
    process.umask(former);
  }
  expect(statSync(folder).mode & 0o777).toBe(0o750);
  expect(statSync(join(folder, 'status.sock')).mode & 0o777).toBe(0o660);
  expect(statSync(join(folder, 'control.sock')).mode & 0o777).toBe(0o600);
});

test('the group owns the folder and the status socket only', async () => {
  if (process.getuid?.() !== 0) return; // Only root gives files away.
  await makeServer({ groupId: 12_345 }).start();
  expect(statSync(folder).gid).toBe(12_345);
  expect(statSync(join(folder, 'status.sock')).gid).toBe(12_345);
  expect(statSync(join(folder, 'control.sock')).gid).not.toBe(12_345);
});

test('a folder that is there keeps its mode; only one that others can not enter is given to the group', async () => {
  if (process.getuid?.() !== 0) return; // Only root gives files away.
  for (const [mode, group] of [
    [0o750, 12_345],
    [0o700, 12_345],
    [0o755, 0],
  ] as const) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    chmodSync(folder, mode);
    const server = makeServer({ groupId: 12_345 });
    await server.start();
    expect(statSync(folder)).toMatchObject({ mode: 0o40000 | mode, gid: group });
    await server.stop();
  }
});

test('a folder that everybody may write is refused and left as it is', async () => {
  mkdirSync(folder);
  chmodSync(folder, 0o1777);
  await expect(makeServer().start()).rejects.toMatchObject({ code: 'STORAGE_UNSAFE' });
  expect(statSync(folder).mode & 0o7777).toBe(0o1777);
});

test('replies of another shape are errors, not values', async () => {
  const odd = [{ event: 7 }] as unknown as ReturnType<ControlServerOptions['history']>;
  await makeServer({ history: () => odd }).start();
  await expect(new ControlClient({ folder }).history(5)).rejects.toMatchObject({ code: 'CONTROL_REFUSED' });
});

test('each socket knows its own requests only', async () => {
  await makeServer().start();
  expect((await raw('status.sock', 'POST', '/v1/check')).status).toBe(404);
  expect((await raw('status.sock', 'POST', '/v1/status')).status).toBe(404);
  expect((await raw('control.sock', 'GET', '/v1/status')).status).toBe(404);
  expect((await raw('control.sock', 'GET', '/v1/update')).status).toBe(404);
  expect((await raw('status.sock', 'GET', '//')).status).not.toBe(200);
});

test('a body over the cap is refused, one below is read', async () => {
  let checks = 0;
  await makeServer({
    check: () => {
      checks += 1;
      return Promise.resolve(null);
    },
  }).start();
  expect((await raw('control.sock', 'POST', '/v1/check', 'x'.repeat(1_000))).status).toBe(200);
  const large = await raw('control.sock', 'POST', '/v1/check', 'x'.repeat(300_000)).catch(() => ({ status: 413 }));
  expect(large.status).toBe(413);
  expect(checks).toBe(1);
});

test('hostile numbers in a history request are clamped', async () => {
  const asked: number[] = [];
  await makeServer({
    history: (maximum) => {
      asked.push(maximum);
      return [];
    },
  }).start();
  for (const wanted of ['-5', '1e99', 'NaN', '', '2000']) await raw('status.sock', 'GET', `/v1/history?max=${wanted}`);
  expect(asked).toEqual([0, 1_000, 1_000, 0, 1_000]);
});

test('nobody there is DAEMON_NOT_RUNNING', async () => {
  const client = new ControlClient({ folder });
  await expect(client.status()).rejects.toMatchObject({ code: 'DAEMON_NOT_RUNNING' });
  await expect(client.check()).rejects.toMatchObject({ code: 'DAEMON_NOT_RUNNING' });
  await expect(client.watch(() => undefined)).rejects.toMatchObject({ code: 'DAEMON_NOT_RUNNING' });
});

/** A socket file whose process was killed. */
function leaveStaleSocket(path: string): void {
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
}

test('a stale socket is DAEMON_NOT_RUNNING for the client and is replaced by the server', async () => {
  mkdirSync(folder);
  leaveStaleSocket(join(folder, 'status.sock'));
  leaveStaleSocket(join(folder, 'control.sock'));
  expect(existsSync(join(folder, 'status.sock'))).toBe(true);
  await expect(new ControlClient({ folder }).status()).rejects.toMatchObject({ code: 'DAEMON_NOT_RUNNING' });
  await makeServer().start();
  expect(await new ControlClient({ folder }).status()).toBe(document);
});

test('a second daemon does not take the sockets of the first', async () => {
  await makeServer().start();
  await expect(makeServer().start()).rejects.toMatchObject({ code: 'STATE_LOCKED' });
  expect(await new ControlClient({ folder }).status()).toBe(document);
});

test('a file that is no socket is not removed', async () => {
  mkdirSync(folder);
  writeFileSync(join(folder, 'status.sock'), 'precious');
  await expect(makeServer().start()).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
  expect(statSync(join(folder, 'status.sock')).size).toBe(8);
  // The other socket was open already: it is gone again.
  await expect(new ControlClient({ folder }).check()).rejects.toMatchObject({ code: 'DAEMON_NOT_RUNNING' });
});

test('stopping removes the sockets, and a start is possible again', async () => {
  const server = makeServer();
  await server.start();
  await server.stop();
  expect(existsSync(join(folder, 'status.sock'))).toBe(false);
  await server.start();
  expect(await new ControlClient({ folder }).status()).toBe(document);
});

test('a path over 107 bytes is an error before anything is made; 107 bytes listen', async () => {
  const longest = (bytes: number) =>
    join(base, 'x'.repeat(bytes - Buffer.byteLength(base) - 1 - '/control.sock'.length));
  folder = longest(108);
  await expect(makeServer().start()).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' });
  expect(() => new ControlClient({ folder })).toThrow('107');
  expect(existsSync(folder)).toBe(false);
  folder = longest(107);
  await makeServer().start();
  expect(await new ControlClient({ folder }).status()).toBe(document);
});

test.each([
  ['answers nothing', ''],
  ['stops in the middle of its reply', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"a":'],
])('a daemon that %s is said to be not running', async (_case, answer) => {
  mkdirSync(folder);
  const connections = new Set<Socket>();
  const silent = createServer((connection) => {
    connections.add(connection.on('error', () => undefined));
    if (answer !== '') connection.write(answer);
  });
  await new Promise<void>((resolve) => silent.listen(join(folder, 'status.sock'), resolve));
  try {
    const client = new ControlClient({ folder, answerSeconds: 0.2 });
    await expect(client.status()).rejects.toMatchObject({ code: 'DAEMON_NOT_RUNNING' });
  } finally {
    connections.forEach((connection) => connection.destroy());
    silent.close();
  }
});

test('an ordinary user may neither read nor act where the group is not his', async () => {
  if (process.getuid?.() !== 0) return; // Only root can play another user.
  await makeServer().start();
  const script =
    'const {request}=require("node:http");const r=request({socketPath:process.argv[1],path:"/v1/status"},()=>console.log("answered"));r.on("error",e=>console.log(e.code));r.end()';
  const result = spawnSync(process.execPath, ['-e', script, join(folder, 'status.sock')], { uid: 65_534, gid: 65_534 });
  expect(result.stdout.toString().trim()).toBe('EACCES');
});

test('the number of a group comes from the system', async () => {
  expect(await findGroupId(new NodeProcesses(), 'root')).toBe(0);
  expect(await findGroupId(new NodeProcesses(), 'no-such-group-here')).toBeNull();
});
