import { defaultMetadataLimits } from '../../../src/domain/uptane/limits.js';
import { otaProfile } from '../../../src/domain/uptane/profile.js';
import { refreshDirector, type DirectorVerdict } from '../../../src/domain/uptane/refresh-director.js';
import { verifyFirstRoot } from '../../../src/domain/uptane/root-chain.js';
import type { TrustedRepository } from '../../../src/domain/uptane/trusted-metadata.js';
import { ed25519Key, underId } from '../../support/metadata/metadata-keys.js';
import { cryptography, drive, refreshInput, type DrivenRefresh } from '../../support/metadata/refresh-driver.js';
import {
  bytesOf,
  canonical,
  makeRoot,
  makeTargets,
  newRoles,
  rootContent,
  signed,
  trustedWith,
  type RoleDefinitions,
} from '../../support/metadata/repository-maker.js';

const first = newRoles();
const second = newRoles();
const root1 = makeRoot(1, first);
const past = { expires: '2020-01-01T00:00:00Z' };

function run(
  files: Record<string, Uint8Array>,
  options: { trusted?: TrustedRepository; rootsPerRefresh?: number } = {},
): DrivenRefresh<DirectorVerdict> {
  const trusted = options.trusted ?? trustedWith([root1]);
  const limits = { ...defaultMetadataLimits, rootsPerRefresh: options.rootsPerRefresh ?? 1000 };
  return drive(refreshDirector(refreshInput(trusted, { limits })), new Map(Object.entries(files)), trusted);
}

const codeOf = ({ verdict }: DrivenRefresh<DirectorVerdict>): string =>
  verdict.kind === 'verified' ? 'verified' : verdict.rejection.code;
const versions = ({ trusted }: DrivenRefresh<DirectorVerdict>): number[] => trusted.roots.map((root) => root.version);
const targetsOf = (roles: RoleDefinitions, version = 1): Uint8Array => makeTargets(roles, {}, { version });

describe('the root chain', () => {
  test('is followed to its end, each root stored before the next is asked for', () => {
    const third = newRoles();
    const trusted = trustedWith([root1]);
    const machine = refreshDirector(refreshInput(trusted));
    const roots = [makeRoot(2, second, first, past), makeRoot(3, third, second)] as const;
    expect(machine.next().value).toMatchObject({
      kind: 'fetch',
      path: '2.root.json',
      role: 'root',
      maximumBytes: 65_536,
    });
    expect(machine.next({ kind: 'received', bytes: roots[0] }).value).toEqual({
      kind: 'store',
      roots: [{ repository: 'director', version: 2, bytes: roots[0] }],
      files: [],
    });
    expect(machine.next({ kind: 'stored' }).value).toMatchObject({ path: '3.root.json' });
    expect(machine.next({ kind: 'received', bytes: roots[1] }).value).toMatchObject({ kind: 'store' });
    expect(machine.next({ kind: 'stored' }).value).toMatchObject({ path: '4.root.json' });
    expect(machine.next({ kind: 'absent' }).value).toMatchObject({ path: 'targets.json' });
    expect(machine.next({ kind: 'received', bytes: targetsOf(third) }).value).toMatchObject({ kind: 'store' });
    expect(machine.next({ kind: 'stored' })).toMatchObject({ done: true, value: { kind: 'verified' } });
  });

  test('starts from the newest root that is trusted', () => {
    const trusted = trustedWith([root1, makeRoot(2, second, first)]);
    const driven = run({ 'targets.json': targetsOf(second) }, { trusted });
    expect(driven.fetched).toEqual(['3.root.json', 'targets.json']);
    expect(codeOf(driven)).toBe('verified');
  });

  const onlyBy = (signers: RoleDefinitions): Uint8Array => signed(rootContent(2, second), signers.root.keys);

  test.each<[string, Uint8Array, string]>([
    ['signed only by the old keys', onlyBy(first), 'METADATA_ROOT_CHAIN'],
    ['signed only by the new keys', onlyBy(second), 'METADATA_ROOT_CHAIN'],
    ['signed by neither', onlyBy(newRoles()), 'METADATA_ROOT_CHAIN'],
    ['that skips a version', makeRoot(3, second, first), 'METADATA_ROOT_CHAIN'],
    ['that is the old one again', root1, 'METADATA_ROOT_CHAIN'],
    ['of another role', makeTargets(first, {}, { version: 2, keys: first.root.keys }), 'METADATA_MALFORMED'],
    ['without a role', makeRoot(2, second, first, { roles: {} }), 'METADATA_MALFORMED'],
    ['that names a key twice', namesKeyTwice(), 'METADATA_MALFORMED'],
    ['with a key id that is none', makeRoot(2, second, first, { keys: { constructor: {} } }), 'METADATA_MALFORMED'],
    ['with 257 keys', withManyKeys(257), 'METADATA_MALFORMED'],
    ['over its cap', makeRoot(2, second, first, { padding: 'x'.repeat(65_536) }), 'HTTP_RESPONSE_TOO_LARGE'],
    ['that is a portal', bytesOf('<!doctype html>'), 'HTTP_BAD_REPLY'],
  ])('refuses a next root %s', (_name, bytes, code) => {
    const driven = run({ '2.root.json': bytes, 'targets.json': targetsOf(second) });
    expect(driven.verdict).toMatchObject({
      kind: 'rejected',
      rejection: { code, repository: 'director', role: 'root' },
    });
    expect(driven.stores).toEqual([]);
  });

  test('takes 256 keys and roles that it does not know', () => {
    const files = { '2.root.json': withManyKeys(256), 'targets.json': targetsOf(second) };
    expect(codeOf(run(files))).toBe('verified');
    const roles = { ...rootContent(2, second)['roles']!, 'offline-updates': 'anything' };
    const tolerant = makeRoot(2, second, first, { roles });
    expect(codeOf(run({ '2.root.json': tolerant, 'targets.json': targetsOf(second) }))).toBe('verified');
  });

  function namesKeyTwice(): Uint8Array {
    const content = rootContent(2, second);
    const roles = structuredClone(content['roles']) as Record<string, { keyids: string[] }>;
    roles['targets']!.keyids.push(roles['targets']!.keyids[0]!);
    return makeRoot(2, second, first, { roles });
  }

  function withManyKeys(count: number): Uint8Array {
    const keys = structuredClone(rootContent(2, second)['keys']) as Record<string, unknown>;
    for (let index = 0; Object.keys(keys).length < count; index += 1) {
      keys[index.toString(16).padStart(64, '0')] = { keytype: 'ED25519', keyval: { public: 'ab'.repeat(32) } };
    }
    return makeRoot(2, second, first, { keys });
  }

  test('needs a threshold of both, counted by material', () => {
    const [a, b, c] = [ed25519Key(), ed25519Key(), ed25519Key()];
    const two: RoleDefinitions = { ...first, root: { keys: [a, b], threshold: 2 } };
    const trusted = trustedWith([makeRoot(1, two)]);
    const next: RoleDefinitions = { ...first, root: { keys: [c], threshold: 1 } };
    const signedBy = (keys: RoleDefinitions['root']['keys']): string =>
      codeOf(run({ '2.root.json': signed(rootContent(2, next), keys), 'targets.json': targetsOf(next) }, { trusted }));
    expect(signedBy([a, b, c])).toBe('verified');
    expect(signedBy([a, c])).toBe('METADATA_ROOT_CHAIN');
    expect(signedBy([a, underId(a, b.keyId), c])).toBe('METADATA_ROOT_CHAIN');
  });

  test('the last root must not be expired; the one before may be, and both stay', () => {
    const driven = run({ '2.root.json': makeRoot(2, second, first, past), 'targets.json': targetsOf(second) });
    expect(codeOf(driven)).toBe('METADATA_EXPIRED');
    expect(versions(driven)).toEqual([1, 2]);
    expect(driven.fetched).toEqual(['2.root.json', '3.root.json']);
    const expiredFirst = trustedWith([makeRoot(1, first, undefined, past)]);
    expect(codeOf(run({ 'targets.json': targetsOf(first) }, { trusted: expiredFirst }))).toBe('METADATA_EXPIRED');
    const renewed = { '2.root.json': makeRoot(2, first), 'targets.json': targetsOf(first) };
    expect(codeOf(run(renewed, { trusted: expiredFirst }))).toBe('verified');
  });

  test('a key that was rotated out signs nothing any more', () => {
    const files = { '2.root.json': makeRoot(2, second, first), 'targets.json': targetsOf(first) };
    expect(codeOf(run(files))).toBe('METADATA_SIGNATURE');
  });

  test('longer than a refresh goes on in the next one', () => {
    const files: Record<string, Uint8Array> = { 'targets.json': targetsOf(first) };
    for (let version = 2; version <= 6; version += 1) files[`${version}.root.json`] = makeRoot(version, first);
    const driven = run(files, { rootsPerRefresh: 3 });
    expect(codeOf(driven)).toBe('METADATA_ROOT_CHAIN');
    expect(versions(driven)).toEqual([1, 2, 3, 4]);
    const next = run(files, { rootsPerRefresh: 3, trusted: driven.trusted });
    expect(codeOf(next)).toBe('verified');
    expect(versions(next)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  test('a stored root that was damaged is not trusted', () => {
    const text = Buffer.from(root1).toString('utf8');
    const damaged = trustedWith([bytesOf(text.replace('"threshold":1', '"threshold":2'))]);
    expect(codeOf(run({ 'targets.json': targetsOf(first) }, { trusted: damaged }))).toBe('METADATA_SIGNATURE');
  });
});

describe('fast-forward recovery', () => {
  const huge = targetsOf(first, 2 ** 53 - 1);
  const trusted = trustedWith([root1], { targets: huge });

  test('a version of a stolen key is forgotten with the key', () => {
    expect(codeOf(run({ 'targets.json': targetsOf(first, 2) }, { trusted }))).toBe('METADATA_ROLLBACK');
    const driven = run(
      { '2.root.json': makeRoot(2, second, first), 'targets.json': targetsOf(second, 2) },
      { trusted },
    );
    expect(driven.stores[0]?.files).toEqual([{ repository: 'director', role: 'targets', bytes: null }]);
    expect(codeOf(driven)).toBe('verified');
  });

  test('a root that keeps the keys of the role keeps the version', () => {
    const onlyRoot: RoleDefinitions = { ...second, targets: first.targets };
    const root2 = makeRoot(2, onlyRoot, first);
    const driven = run({ '2.root.json': root2, 'targets.json': targetsOf(first, 2) }, { trusted });
    expect(driven.stores[0]?.files).toEqual([]);
    expect(codeOf(driven)).toBe('METADATA_ROLLBACK');
  });

  test('the same key under another id is no rotation, a higher threshold is one', () => {
    const renamed: RoleDefinitions = {
      ...first,
      targets: { keys: [underId(first.targets.keys[0]!, 'ee'.repeat(32))], threshold: 1 },
    };
    const kept = run({ '2.root.json': makeRoot(2, renamed), 'targets.json': targetsOf(renamed, 2) }, { trusted });
    expect(kept.stores[0]?.files).toEqual([]);
    const raised: RoleDefinitions = { ...first, targets: { ...first.targets, threshold: 2 } };
    const lost = run({ '2.root.json': makeRoot(2, raised), 'targets.json': targetsOf(first, 2) }, { trusted });
    expect(lost.stores[0]?.files).toHaveLength(1);
  });
});

describe('verifyFirstRoot', () => {
  const verification = { profile: otaProfile, cryptography, limits: defaultMetadataLimits };
  const judge = (bytes: Uint8Array): string => {
    const result = verifyFirstRoot(bytes, 'image', verification);
    return result.ok ? `version ${result.value.version}` : result.error.code;
  };

  test('takes a root that signed itself, of any version, even when expired', () => {
    expect(judge(root1)).toBe('version 1');
    expect(judge(makeRoot(9, first, undefined, past))).toBe('version 9');
  });

  test('refuses others', () => {
    expect(judge(signed(rootContent(1, first), second.root.keys))).toBe('METADATA_SIGNATURE');
    expect(judge(targetsOf(first))).toBe('METADATA_MALFORMED');
    expect(judge(bytesOf(canonical({ signed: rootContent(1, first) })))).toBe('METADATA_MALFORMED');
    expect(judge(bytesOf('<html>'))).toBe('HTTP_BAD_REPLY');
  });
});
