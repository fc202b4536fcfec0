import { NodeCryptography } from '../../../src/adapters/crypto/node-cryptography.js';
import { FirstRoots } from '../../../src/agent/first-roots.js';
import type { ProvisioningSettings } from '../../../src/agent/provisioning-settings.js';
import { SotaError } from '../../../src/domain/errors/sota-error.js';
import { TimeKeeper } from '../../../src/agent/time-keeper.js';
import type { Files } from '../../../src/ports/files.js';
import { FakeClock } from '../../support/agent/fake-clock.js';
import { FakeHttp, reply } from '../../support/agent/fake-http.js';
import { FakePrivileged } from '../../support/agent/fake-privileged.js';
import { KeepingLogger } from '../../support/keeping-logger.js';
import { makeRoot, newRoles } from '../../support/metadata/repository-maker.js';

const director = makeRoot(1, newRoles());
const image = makeRoot(1, newRoles());

function board(files: Readonly<Record<string, Uint8Array>>, firstUse: 'provisioning' | 'never' = 'provisioning') {
  const privileged = new FakePrivileged();
  const http = new FakeHttp()
    .on('GET /director/1.root.json', reply(200, director))
    .on('GET /repo/1.root.json', reply(200, image));
  const settings = {
    ...{ importFolder: '/import', rootsFolder: '/roots', firstUse },
    ...{ directorServer: 'https://server/director', imageRepositoryServer: 'https://server/repo' },
  };
  const roots = new FirstRoots({
    // What first roots need of them.
    settings: settings as ProvisioningSettings,
    files: { read: (path: string) => Promise.resolve(files[path] ?? null) } as unknown as Files,
    time: new TimeKeeper({
      clock: new FakeClock(Date.UTC(2027, 0, 1)),
      ...{ privileged, buildMilliseconds: 0, keptFloorMilliseconds: 0 },
    }),
    ...{ privileged, cryptography: new NodeCryptography(), logger: new KeepingLogger() },
  });
  return { privileged, http, ensure: () => roots.ensure(http) };
}

const inImage = { '/roots/director/root.json': director, '/roots/repo/root.json': image };

test('roots of the image are taken without asking anybody, and how trust began is on record', async () => {
  const { privileged, http, ensure } = board(inImage, 'never');
  await ensure();
  expect(privileged.trusted.director.roots).toMatchObject([{ version: 1, bytes: director }]);
  expect(privileged.trusted.image.roots).toMatchObject([{ version: 1, bytes: image }]);
  expect(privileged.trusted.firstUse).toEqual({ source: 'image', time: '2027-01-01T00:00:00Z' });
  expect(http.requests).toEqual([]);
});

test('imported roots come before those of the image', async () => {
  const own = makeRoot(1, newRoles());
  const { privileged, ensure } = board({ ...inImage, '/import/director/root.json': own });
  await ensure();
  expect(privileged.trusted.director.roots).toMatchObject([{ bytes: own }]);
  expect(privileged.trusted.firstUse?.source).toBe('import');
});

test('once trusted, nothing is read, fetched or written', async () => {
  const { privileged, http, ensure } = board({});
  await ensure();
  const before = [privileged.changes().length, http.requests.length];
  await ensure();
  expect([privileged.changes().length, http.requests.length]).toEqual(before);
});

test('missing ones are fetched once where that is allowed, and recorded as such', async () => {
  const { privileged, http, ensure } = board({});
  await ensure();
  expect(http.asked()).toEqual(['GET /director/1.root.json', 'GET /repo/1.root.json']);
  expect(privileged.trusted.firstUse?.source).toBe('provisioning');
});

test('with first_use = never a missing root is refused, whatever the server would say', async () => {
  const { privileged, http, ensure } = board({ '/roots/director/root.json': director }, 'never');
  await expect(ensure()).rejects.toMatchObject({ code: 'ROOT_MISSING' });
  expect(http.requests).toEqual([]);
  expect(privileged.trusted.image.roots).toEqual([]);
});

test('a kill between the two roots is made good', async () => {
  const { privileged, http, ensure } = board({});
  http.on('GET /repo/1.root.json', new SotaError('NETWORK_TIMEOUT', { message: 'cut' }), reply(200, image));
  await expect(ensure()).rejects.toMatchObject({ code: 'NETWORK_TIMEOUT' });
  await ensure();
  expect(http.asked().filter((route) => route.includes('director'))).toHaveLength(1);
  expect(privileged.trusted.image.roots).toHaveLength(1);
});

test.each([
  ['garbage', Buffer.from('{')],
  ['a root that its own keys did not sign', makeRoot(1, { ...newRoles(), root: { keys: [], threshold: 1 } })],
])('%s in the image is refused: it is never replaced by what a server offers', async (_, bytes) => {
  const { privileged, http, ensure } = board({ '/roots/director/root.json': bytes });
  await expect(ensure()).rejects.toMatchObject({ kind: 'security' });
  expect(privileged.changes()).toEqual([]);
  expect(http.requests).toEqual([]);
});

test('a server without a root is an error that may pass', async () => {
  const { http, ensure } = board({});
  http.on('GET /director/1.root.json', reply(503));
  await expect(ensure()).rejects.toMatchObject({ code: 'HTTP_STATUS' });
});
