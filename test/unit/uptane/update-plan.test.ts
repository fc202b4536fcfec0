import type { AssignedTarget, Assignment } from '../../../src/domain/uptane/assignment.js';
import type { ImageTarget } from '../../../src/domain/uptane/image-targets.js';
import { selectNewTargets, type InstalledTarget } from '../../../src/domain/uptane/new-targets.js';
import { matchTargets } from '../../../src/domain/uptane/update-plan.js';

const sha256 = 'ab'.repeat(32);
const sha512 = 'cd'.repeat(64);
const assigned: AssignedTarget = {
  name: 'os-2',
  length: 0,
  hashes: { sha256 },
  ecus: [{ serial: 'P1', hardwareId: 'board' }],
  uri: null,
  format: null,
  customText: '{}',
};
const image: ImageTarget = {
  name: 'os-2',
  length: 0,
  hashes: { sha256, sha512: null },
  hardwareIds: ['other', 'board'],
  format: null,
  uri: null,
};
const assignment = (...targets: AssignedTarget[]): Assignment => ({ correlationId: 'c', version: 3, targets });

function match(left: Partial<AssignedTarget>, right: Partial<ImageTarget> | null): unknown {
  const imageTargets = new Map(right === null ? [] : [['os-2', { ...image, ...right }]]);
  const result = matchTargets(assignment({ ...assigned, ...left }), imageTargets);
  return result.ok ? result.value.targets[0] : result.error.code;
}

describe('matchTargets', () => {
  test('makes a plan', () => {
    expect(matchTargets(assignment(assigned), new Map([['os-2', image]]))).toEqual({
      ok: true,
      value: { correlationId: 'c', directorVersion: 3, targets: [{ ...assigned, format: 'OSTREE' }] },
    });
    expect(matchTargets(assignment(), new Map())).toMatchObject({ ok: true, value: { targets: [] } });
  });

  test.each<[string, Partial<AssignedTarget>, Partial<ImageTarget> | null, string]>([
    ['no such target', {}, null, 'TARGET_UNKNOWN'],
    ['another length', {}, { length: 1 }, 'REPOSITORIES_DISAGREE'],
    ['another sha256', {}, { hashes: { sha256: 'ff'.repeat(32), sha512: null } }, 'REPOSITORIES_DISAGREE'],
    [
      'another sha512 beside an equal sha256',
      { hashes: { sha256, sha512 } },
      { hashes: { sha256, sha512: 'ff'.repeat(64) } },
      'REPOSITORIES_DISAGREE',
    ],
    ['no hash in common', {}, { hashes: { sha256: null, sha512 } }, 'REPOSITORIES_DISAGREE'],
    ['foreign hardware ids', {}, { hardwareIds: ['other'] }, 'REPOSITORIES_DISAGREE'],
    ['no hardware ids', {}, { hardwareIds: [] }, 'REPOSITORIES_DISAGREE'],
    [
      'one of two ECUs of foreign hardware',
      { ecus: [...assigned.ecus, { serial: 'S1', hardwareId: 'radio' }] },
      {},
      'REPOSITORIES_DISAGREE',
    ],
    ['formats that differ', { format: 'BINARY' }, { format: 'OSTREE' }, 'REPOSITORIES_DISAGREE'],
    ['an unknown format', {}, { format: 'DOCKER' }, 'TARGET_FORMAT'],
  ])('refuses %s', (_name, left, right, code) => {
    expect(match(left, right)).toBe(code);
  });

  test.each<[Partial<AssignedTarget>, Partial<ImageTarget>, string]>([
    [{}, {}, 'OSTREE'],
    [{ length: 5 }, { length: 5 }, 'BINARY'],
    [{}, { format: 'BINARY' }, 'BINARY'],
    [{ length: 5 }, { length: 5, format: 'OSTREE' }, 'OSTREE'],
    [{ format: 'BINARY' }, {}, 'BINARY'],
    [{ format: 'OSTREE' }, { format: 'OSTREE' }, 'OSTREE'],
  ])('%j with %j is %s', (left, right, format) => {
    expect(match(left, right)).toMatchObject({ format });
  });

  test("the director's address wins, else the image repository's counts", () => {
    expect(match({ uri: 'https://a/' }, { uri: 'https://b/' })).toMatchObject({ uri: 'https://a/' });
    expect(match({}, { uri: 'https://b/' })).toMatchObject({ uri: 'https://b/' });
  });
});

describe('selectNewTargets', () => {
  const ecus = new Map([
    ['P1', 'board'],
    ['S1', 'radio'],
  ]);
  const both: AssignedTarget = { ...assigned, ecus: [...assigned.ecus, { serial: 'S1', hardwareId: 'radio' }] };
  const runs: InstalledTarget = { name: 'os-2', sha256, length: 0 };
  const select = (target: AssignedTarget, installed: Record<string, InstalledTarget>): unknown => {
    const result = selectNewTargets(assignment(target), ecus, new Map(Object.entries(installed)));
    return result.ok ? result.value.map((found) => found.ecus.map((ecu) => ecu.serial)) : result.error.code;
  };

  test('leaves out what runs, ECU by ECU', () => {
    expect(select(both, {})).toEqual([['P1', 'S1']]);
    expect(select(both, { P1: runs })).toEqual([['S1']]);
    expect(select(both, { P1: runs, S1: { ...runs, sha256: sha256.toUpperCase() } })).toEqual([]);
    expect(select(both, { P1: { ...runs, name: 'os-1' }, S1: runs })).toEqual([['P1']]);
    expect(select({ ...assigned, ecus: [] }, {})).toEqual([]);
  });

  test('refuses the name of what runs with other content', () => {
    expect(select(assigned, { P1: { ...runs, sha256: 'ff'.repeat(32) } })).toBe('METADATA_MISMATCH');
    expect(select(assigned, { P1: { ...runs, length: 1 } })).toBe('METADATA_MISMATCH');
  });

  test.each([
    { serial: 'P2', hardwareId: 'board' },
    { serial: 'P1', hardwareId: 'radio' },
    { serial: 'constructor', hardwareId: 'board' },
  ])('refuses %j', (ecu) => {
    expect(select({ ...assigned, ecus: [ecu] }, {})).toBe('ASSIGNMENT_FOREIGN');
    // Even when an ECU before it would already decide.
    expect(select({ ...assigned, ecus: [...assigned.ecus, ecu] }, { P1: { ...runs, length: 1 } })).toBe(
      'ASSIGNMENT_FOREIGN',
    );
  });
});
