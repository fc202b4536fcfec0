import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { listConfigurationFiles } from '../../../src/adapters/configuration/configuration-files.js';
import { ConfigurationLoader } from '../../../src/adapters/configuration/load-configuration.js';
import { problemText } from '../../../src/domain/configuration/problem.js';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'sotad-configuration-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(name: string, text: string | Buffer): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

function loader(readGatewayUrl: (path: string) => Promise<string | null> = () => Promise.resolve(null)) {
  return new ConfigurationLoader({
    hostname: 'board',
    readGatewayUrl,
    defaultFolders: [join(folder, 'lib'), join(folder, 'etc')],
  });
}

describe('which files count', () => {
  test('a later folder hides a basename, the rest goes by basename, only .toml', () => {
    put('lib/10-a.toml', '');
    put('lib/30-c.toml', '');
    put('etc/20-b.toml', '');
    put('etc/30-c.toml', '');
    put('etc/notes.txt', '');
    put('etc/old.toml.bak', '');
    mkdirSync(join(folder, 'etc/folder.toml'));
    const files = listConfigurationFiles([], [join(folder, 'lib'), join(folder, 'etc')]);
    expect(files.map((file) => file.slice(folder.length + 1))).toEqual([
      'lib/10-a.toml',
      'etc/20-b.toml',
      'etc/30-c.toml',
    ]);
  });

  test('-c names files of any extension and folders, and then only those', async () => {
    put('lib/10-a.toml', '[uptane]\npolling_sec = 1');
    const named = put('my.conf', '[uptane]\npolling_sec = 2');
    put('more/50.toml', '[logger]\nloglevel = 0');
    const loaded = await loader().load({ paths: [named, join(folder, 'more')] });
    expect(loaded.files).toEqual([join(folder, 'more/50.toml'), named]);
    expect(loaded.configuration.uptane.pollIntervalSeconds).toBe(2);
    expect(loaded.configuration.logger.level).toBe(0);
  });

  test('what -c names must exist; missing default folders are skipped', async () => {
    await expect(loader().load({ paths: [join(folder, 'absent.toml')] })).rejects.toMatchObject({
      code: 'CONFIGURATION_INVALID',
      message: expect.stringContaining('absent.toml') as string,
    });
    await expect(loader().load({ paths: [] })).resolves.toMatchObject({ files: [], degraded: false });
  });
});

test('files are merged in order, with the line of each value', async () => {
  put('lib/10-pacman.toml', '[pacman]\ntype = none\n');
  put('etc/20-sota.toml', '# ours\n[pacman]\ntype = "ostree"\n[uptane]\npolling_sec = 9\n');
  const loaded = await loader().load({ paths: [] });
  expect(loaded.configuration.packageManager.type).toBe('ostree');
  expect(loaded.provenance.get('pacman.type')).toEqual({
    kind: 'file',
    source: join(folder, 'etc/20-sota.toml'),
    line: 3,
  });
});

describe('the URL of the gateway', () => {
  test('from server_url_path, and the archive is not asked', async () => {
    const url = put('gateway.url', 'https://gateway.example\n');
    put('etc/a.toml', `[tls]\nserver_url_path = "${url}"\n[provision]\nprovision_path = "/c.zip"`);
    const loaded = await loader(() => Promise.reject(new Error('asked'))).load({ paths: [] });
    expect(loaded.configuration.uptane.directorServer).toBe('https://gateway.example/director');
    expect(loaded.problems).toEqual([]);
  });

  test('from the archive', async () => {
    put('etc/a.toml', '[provision]\nprovision_path = "/c.zip"');
    const asked: string[] = [];
    const loaded = await loader((path) => {
      asked.push(path);
      return Promise.resolve('https://from-archive:8443');
    }).load({ paths: [] });
    expect(asked).toEqual(['/c.zip']);
    expect(loaded.configuration.tls.server).toBe('https://from-archive:8443');
    expect(loaded.provenance.get('tls.server')).toMatchObject({ kind: 'derived', source: '/c.zip' });
  });

  test('an archive that can not be read is a notice, provisioning reports it', async () => {
    put('etc/a.toml', '[provision]\nprovision_path = "/c.zip"');
    const loaded = await loader(() => Promise.reject(new Error('not a zip'))).load({ paths: [] });
    expect(loaded.degraded).toBe(false);
    expect(loaded.problems.map(problemText)).toContain('/c.zip: can not be read: not a zip');
  });
});

describe('files that can not be read', () => {
  test.each([
    ['too large', () => put('etc/a.toml', Buffer.alloc(1024 * 1024 + 1, '#')), 'is larger than 1048576 bytes'],
    ['not UTF-8', () => put('etc/a.toml', Buffer.from([0x5b, 0xff, 0xfe])), 'can not be read'],
    ['a dangling link', () => symlinkSync('/nowhere/a', join(folder, 'etc', 'a.toml')), 'does not exist'],
  ])('%s: degraded, and the other files count', async (_name, make, reason) => {
    put('etc/b.toml', '[uptane]\npolling_sec = 4');
    make();
    const loaded = await loader().load({ paths: [] });
    expect(loaded.degraded).toBe(true);
    expect(loaded.problems[0]?.reason).toContain(reason);
    expect(loaded.configuration.uptane.pollIntervalSeconds).toBe(4);
  });

  test('a folder that can not be listed is an error of its own', async () => {
    put('etc/a.toml', '');
    chmodSync(folder, 0o755);
    chmodSync(join(folder, 'etc'), 0o000);
    // Root may list everything, so it is somebody else for this moment.
    const isRoot = process.getuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      await expect(loader().load({ paths: [] })).rejects.toMatchObject({ code: 'FILE_UNREADABLE' });
    } finally {
      if (isRoot) process.seteuid?.(0);
      chmodSync(join(folder, 'etc'), 0o700);
    }
  });
});
