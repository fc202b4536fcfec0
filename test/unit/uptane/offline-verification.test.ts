import { defaultMetadataLimits } from '../../../src/domain/uptane/limits.js';
import {
  planFromStoredMetadata,
  verifyTrustChange,
  type OfflineInput,
} from '../../../src/domain/uptane/offline-verification.js';
import { otaProfile } from '../../../src/domain/uptane/profile.js';
import { refreshImageRepository } from '../../../src/domain/uptane/refresh-image-repository.js';
import type { AppendedRoot, KeptFile, TrustedRepository } from '../../../src/domain/uptane/trusted-metadata.js';
import { ed25519Key } from '../../support/metadata/metadata-keys.js';
import { cryptography, drive, now, refreshInput } from '../../support/metadata/refresh-driver.js';
import {
  makeImageFiles,
  makeRoot,
  makeTargets,
  newRoles,
  rootContent,
  signed,
  trustedWith,
  type RoleFile,
} from '../../support/metadata/repository-maker.js';

const hash = 'ab'.repeat(32);
const director = newRoles();
const image = newRoles();
const assigned = {
  'os-2': { hashes: { sha256: hash }, length: 0, custom: { ecuIdentifiers: { P1: { hardwareId: 'board' } } } },
};
const released = {
  'os-2': { hashes: { sha256: hash }, length: 0, custom: { hardwareIds: ['board'], targetFormat: 'OSTREE' } },
};
const ecus = new Map([['P1', 'board']]);
const directorRoot = makeRoot(1, director);
const directorTargets = (file: RoleFile = {}): Uint8Array => makeTargets(director, assigned, file);
const imageFiles = makeImageFiles(image, { targets: released });
const emptyImage = trustedWith([makeRoot(1, image)]);
const trustedImage = drive(
  refreshImageRepository(refreshInput(emptyImage), { targets: [] }),
  imageFiles,
  emptyImage,
).trusted;

function input(changes: Partial<OfflineInput> = {}): OfflineInput {
  return {
    director: trustedWith([directorRoot], { targets: directorTargets() }),
    image: trustedImage,
    profile: otaProfile,
    cryptography,
    limits: defaultMetadataLimits,
    trustedNowMilliseconds: now,
    ...changes,
  };
}

describe('planFromStoredMetadata', () => {
  const plan = (changes: Partial<OfflineInput> = {}): unknown => {
    const result = planFromStoredMetadata(input(changes), ecus, new Map());
    return result.ok ? result.value.targets.map((target) => [target.name, target.format]) : result.error.code;
  };

  test('gives the plan of the refresh', () => {
    expect(plan()).toEqual([['os-2', 'OSTREE']]);
  });

  test('does not need the image repository when nothing is new', () => {
    const installed = new Map([['P1', { name: 'os-2', sha256: hash, length: 0 }]]);
    const result = planFromStoredMetadata(input({ image: trustedWith([]) }), ecus, installed);
    expect(result).toMatchObject({ ok: true, value: { targets: [] } });
  });

  test.each<[string, Partial<OfflineInput>, string]>([
    ['expired', { trustedNowMilliseconds: Date.parse('2041-01-01T00:00:00Z') }, 'METADATA_EXPIRED'],
    ['without director targets', { director: trustedWith([directorRoot]) }, 'METADATA_UNAVAILABLE'],
    ['without image metadata', { image: emptyImage }, 'METADATA_UNAVAILABLE'],
    ['without roots', { image: trustedWith([]) }, 'ROOT_MISSING'],
    [
      'forged director targets',
      { director: trustedWith([directorRoot], { targets: directorTargets({ keys: [ed25519Key()] }) }) },
      'METADATA_SIGNATURE',
    ],
    ['swapped image targets', { image: { ...trustedImage, targets: makeTargets(image, {}) } }, 'METADATA_MISMATCH'],
  ])('%s: refused', (_name, changes, code) => {
    expect(plan(changes)).toBe(code);
  });

  test('a foreign device is refused', () => {
    const result = planFromStoredMetadata(input(), new Map([['P2', 'board']]), new Map());
    expect(result).toMatchObject({ ok: false, error: { code: 'ASSIGNMENT_FOREIGN' } });
  });
});

describe('verifyTrustChange', () => {
  const change = (files: readonly KeptFile[], appendRoots: readonly AppendedRoot[] = [], changes = {}): string => {
    const result = verifyTrustChange(input(changes), { files, appendRoots });
    return result.ok ? 'kept' : result.error.code;
  };
  const targetsFile = (bytes: Uint8Array | null): KeptFile => ({ repository: 'director', role: 'targets', bytes });
  const rootFile = (version: number, bytes: Uint8Array): AppendedRoot => ({ repository: 'director', version, bytes });
  const next = newRoles();

  test('keeps what a refresh stores', () => {
    expect(change([targetsFile(directorTargets({ version: 2 }))])).toBe('kept');
    expect(change([], [rootFile(2, makeRoot(2, next, director))])).toBe('kept');
    expect(change([targetsFile(null)], [rootFile(2, makeRoot(2, next, director))])).toBe('kept');
    const all = [...imageFiles].map(([name, bytes]): KeptFile => ({
      repository: 'image',
      role: name.slice(0, -'.json'.length) as KeptFile['role'],
      bytes,
    }));
    expect(change(all, [], { image: emptyImage })).toBe('kept');
    expect(change([])).toBe('kept');
  });

  test('takes the first root of a repository and its files at once', () => {
    const nothing: Partial<OfflineInput> = { director: trustedWith([]) };
    expect(change([], [rootFile(1, directorRoot)], nothing)).toBe('kept');
    expect(change([targetsFile(directorTargets())], [rootFile(1, directorRoot)], nothing)).toBe('kept');
    expect(change([targetsFile(directorTargets())], [], nothing)).toBe('ROOT_MISSING');
  });

  test('takes new files under new keys together with their root', () => {
    const files = [targetsFile(makeTargets(next, assigned))];
    const roots = [rootFile(2, makeRoot(2, next, director))];
    const stored: TrustedRepository = trustedWith([directorRoot], { targets: directorTargets({ version: 9 }) });
    expect(change(files, roots, { director: stored })).toBe('kept');
  });

  test.each<[string, readonly KeptFile[], readonly AppendedRoot[], string]>([
    ['forged targets', [targetsFile(directorTargets({ keys: [ed25519Key()] }))], [], 'METADATA_SIGNATURE'],
    [
      'expired targets',
      [targetsFile(directorTargets({ version: 2, expires: '2020-01-01T00:00:00Z' }))],
      [],
      'METADATA_EXPIRED',
    ],
    ['to forget without a rotation', [targetsFile(null)], [], 'METADATA_ROLLBACK'],
    [
      'to forget with a root that rotates nothing',
      [targetsFile(null)],
      [rootFile(2, makeRoot(2, director))],
      'METADATA_ROLLBACK',
    ],
    ['a root by foreign keys', [], [rootFile(2, makeRoot(2, next))], 'METADATA_ROOT_CHAIN'],
    ['a root that skips', [], [rootFile(3, makeRoot(3, next, director))], 'METADATA_ROOT_CHAIN'],
    ['a root under a wrong version', [], [rootFile(3, makeRoot(2, next, director))], 'METADATA_ROOT_CHAIN'],
    [
      'a lone snapshot',
      [{ repository: 'image', role: 'snapshot', bytes: makeTargets(image, {}) }],
      [],
      'METADATA_MISMATCH',
    ],
  ])('refuses %s', (_name, files, roots, code) => {
    expect(change(files, roots)).toBe(code);
  });

  test('refuses a rollback', () => {
    const stored = { director: trustedWith([directorRoot], { targets: directorTargets({ version: 9 }) }) };
    expect(change([targetsFile(directorTargets({ version: 8 }))], [], stored)).toBe('METADATA_ROLLBACK');
  });

  test('refuses a first root that did not sign itself', () => {
    const forged = signed(rootContent(1, director), next.root.keys);
    expect(change([], [rootFile(1, forged)], { director: trustedWith([]) })).toBe('METADATA_SIGNATURE');
  });
});
