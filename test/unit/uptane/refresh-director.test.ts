import { refreshDirector, type DirectorVerdict } from '../../../src/domain/uptane/refresh-director.js';
import { ed25519Key, rsaKey, underId, type MetadataKey } from '../../support/metadata/metadata-keys.js';
import {
  bytesOf,
  canonical,
  makeRoot,
  makeTargets,
  newRoles,
  signaturesOf,
  signed,
  trustedWith,
  type RoleDefinitions,
  type RoleFile,
} from '../../support/metadata/repository-maker.js';
import { drive, now, refreshInput, type DrivenRefresh } from '../../support/metadata/refresh-driver.js';
import { defaultMetadataLimits } from '../../../src/domain/uptane/limits.js';
import type { TrustedRepository } from '../../../src/domain/uptane/trusted-metadata.js';

const hash = 'ab'.repeat(32);
const roles = newRoles();
const root = makeRoot(1, roles);
const target = (changes: Record<string, unknown> = {}): Record<string, unknown> => ({
  hashes: { sha256: hash },
  length: 0,
  custom: { ecuIdentifiers: { P1: { hardwareId: 'board' } } },
  ...changes,
});

function run(
  targets: Uint8Array | undefined,
  options: { trusted?: TrustedRepository; roots?: Record<string, Uint8Array>; limits?: object } = {},
): DrivenRefresh<DirectorVerdict> {
  const trusted = options.trusted ?? trustedWith([root]);
  const server = new Map(Object.entries(options.roots ?? {}));
  if (targets !== undefined) server.set('targets.json', targets);
  const limits = { ...defaultMetadataLimits, ...options.limits };
  return drive(refreshDirector(refreshInput(trusted, { limits })), server, trusted);
}

/** The code of a refusal, after which nothing of the file may be stored. */
function codeOf(driven: DrivenRefresh<DirectorVerdict>): string {
  const { verdict } = driven;
  if (verdict.kind === 'verified') return 'verified';
  expect(driven.stores.flatMap((store) => store.files).filter((file) => file.bytes !== null)).toEqual([]);
  return verdict.rejection.code;
}

const refusal = (driven: DrivenRefresh<DirectorVerdict>): unknown =>
  driven.verdict.kind === 'rejected' ? driven.verdict.rejection : driven.verdict;

const file = (changes: RoleFile): Uint8Array => makeTargets(roles, { 'os-2': target() }, changes);

describe('refreshDirector', () => {
  test('verifies, stores once and reads the assignment', () => {
    const custom = { ecuIdentifiers: { P1: { hardwareId: 'board' } }, uri: 'https://h/x', targetFormat: 'OSTREE' };
    const sha512 = 'CD'.repeat(64);
    const targets = makeTargets(
      roles,
      { 'os-2': target({ custom, hashes: { sha256: hash.toUpperCase(), sha512, md5: 'x' } }) },
      { version: 7, changes: { custom: { correlationId: 'urn:here-ota:mtu:1' } } },
    );
    const driven = run(targets);
    expect(driven.fetched).toEqual(['2.root.json', 'targets.json']);
    expect(driven.stores).toEqual([
      { kind: 'store', roots: [], files: [{ repository: 'director', role: 'targets', bytes: targets }] },
    ]);
    expect(driven.verdict).toEqual({
      kind: 'verified',
      assignment: {
        correlationId: 'urn:here-ota:mtu:1',
        version: 7,
        targets: [
          {
            name: 'os-2',
            length: 0,
            hashes: { sha256: hash, sha512: sha512.toLowerCase() },
            ecus: [{ serial: 'P1', hardwareId: 'board' }],
            uri: 'https://h/x',
            format: 'OSTREE',
            customText: canonical(custom),
          },
        ],
      },
    });
    const again = run(targets, { trusted: driven.trusted });
    expect(again.verdict).toEqual(driven.verdict);
    expect(again.stores).toEqual([]);
  });

  test('takes RSA keys, thresholds and any white space on the wire', () => {
    const keys = [rsaKey(), ed25519Key(), rsaKey(3072)];
    const mixed = newRoles({ targets: { keys, threshold: 2 } });
    const targets = makeTargets(mixed, { 'os-2': target() }, { keys: keys.slice(1) });
    const pretty = bytesOf(JSON.stringify(JSON.parse(Buffer.from(targets).toString('utf8')), null, 2));
    expect(codeOf(run(pretty, { trusted: trustedWith([makeRoot(1, mixed)]) }))).toBe('verified');
  });

  test('takes names outside of ASCII by the canonical form of the profile', () => {
    const driven = run(makeTargets(roles, { 'tö€😀': target() }));
    expect(driven.verdict).toMatchObject({ kind: 'verified', assignment: { targets: [{ name: 'tö€😀' }] } });
  });

  test('an empty list is an assignment of nothing', () => {
    const driven = run(makeTargets(roles, {}, { version: 2 }), { trusted: trustedWith([root], { targets: file({}) }) });
    expect(driven.verdict).toMatchObject({ assignment: { correlationId: null, targets: [], version: 2 } });
  });

  test('asks for what is missing only once', () => {
    const driven = run(undefined);
    expect(refusal(driven)).toEqual({
      code: 'METADATA_UNAVAILABLE',
      repository: 'director',
      role: 'targets',
      reason: 'the server has no targets.json',
    });
    expect(refusal(run(file({}), { trusted: trustedWith([]) }))).toMatchObject({ code: 'ROOT_MISSING' });
  });
});

describe('signatures', () => {
  const other = ed25519Key();
  const key = roles.targets.keys[0]!;
  const content = { _type: 'Targets', expires: '2040-01-01T00:00:00Z', targets: {}, version: 1 };
  const withSignatures = (signatures: unknown, changed: object = content): Uint8Array =>
    bytesOf(canonical({ signatures, signed: changed }));
  const good = signaturesOf(content, [key]);

  test.each<[string, Uint8Array, string]>([
    ['none', withSignatures([]), 'METADATA_SIGNATURE'],
    ['of another key', file({ keys: [other] }), 'METADATA_SIGNATURE'],
    ['of another key under the id of the role', file({ keys: [underId(other, key.keyId)] }), 'METADATA_SIGNATURE'],
    ['of the root role', file({ keys: roles.root.keys }), 'METADATA_SIGNATURE'],
    ['over other content', withSignatures(good, { ...content, version: 2 }), 'METADATA_SIGNATURE'],
    ['twice with one key id', withSignatures([...good, ...good]), 'METADATA_SIGNATURE'],
    ['as junk', withSignatures([{ ...good[0], sig: 'YWJj!!!' }]), 'METADATA_SIGNATURE'],
    ['cut short', withSignatures([{ ...good[0], sig: 'YWJj' }]), 'METADATA_SIGNATURE'],
    ['by an unknown method', withSignatures([{ ...good[0], method: 'none' }]), 'METADATA_MALFORMED'],
    ['with __proto__ as key id', withSignatures([{ ...good[0], keyid: '__proto__' }]), 'METADATA_MALFORMED'],
    ['65 of them', withSignatures(Array(65).fill(good[0])), 'METADATA_MALFORMED'],
    ['as an object', withSignatures({}), 'METADATA_MALFORMED'],
  ])('%s: refused', (_name, bytes, code) => {
    expect(codeOf(run(bytes))).toBe(code);
  });

  test('the control: the same file with its signature', () => {
    expect(codeOf(run(withSignatures(good)))).toBe('verified');
  });

  test('the signed part with re-ordered members is the same, with other number text it is not', () => {
    const reordered = `{"signed":{"version":1,"targets":{},"expires":"2040-01-01T00:00:00Z","_type":"Targets"},"signatures":${JSON.stringify(good)}}`;
    expect(codeOf(run(bytesOf(reordered)))).toBe('verified');
    const custom = { ...content, custom: { a: 1 } };
    const text = canonical({ signatures: signaturesOf(custom, [key]), signed: custom });
    expect(codeOf(run(bytesOf(text)))).toBe('verified');
    expect(codeOf(run(bytesOf(text.replace('{"a":1}', '{"a":1.0}'))))).toBe('METADATA_SIGNATURE');
  });

  describe('thresholds', () => {
    const [a, b] = [ed25519Key(), ed25519Key()];
    const withTargetsRole = (keys: readonly MetadataKey[], threshold: unknown): RoleDefinitions => ({
      ...roles,
      targets: { keys, threshold },
    });
    const judged = (definition: RoleDefinitions, keys: readonly MetadataKey[]): string =>
      codeOf(run(makeTargets(definition, {}, { keys }), { trusted: trustedWith([makeRoot(1, definition)]) }));

    test('are counted by key material', () => {
      const twin = underId(a, 'ff'.repeat(32));
      expect(judged(withTargetsRole([a, b], 2), [a, b])).toBe('verified');
      expect(judged(withTargetsRole([a, b], 2), [a])).toBe('METADATA_SIGNATURE');
      expect(judged(withTargetsRole([a, twin], 2), [a, twin])).toBe('METADATA_SIGNATURE');
      const lower = { ...twin, publicValue: a.publicValue.toLowerCase() };
      expect(judged(withTargetsRole([a, lower], 2), [a, lower])).toBe('METADATA_SIGNATURE');
    });

    test('above the number of keys are unmet and leave the root valid', () => {
      expect(judged(withTargetsRole([a], 2), [a])).toBe('METADATA_SIGNATURE');
      expect(judged(withTargetsRole([], 1), [a])).toBe('METADATA_SIGNATURE');
    });

    test.each([0, -1, '1', 1001, null])('%j makes the root malformed', (threshold) => {
      expect(judged(withTargetsRole([a], threshold), [a])).toBe('METADATA_MALFORMED');
    });

    test('of 1.5 makes the root malformed', () => {
      const text = Buffer.from(makeRoot(1, withTargetsRole([a], 777))).toString('utf8');
      const trusted = trustedWith([bytesOf(text.replace('777', '1.5'))]);
      expect(codeOf(run(makeTargets(roles, {}, {}), { trusted }))).toBe('METADATA_MALFORMED');
    });

    test('do not count a key of small order, of unknown kind, or that is missing', () => {
      const identity = { ...a, publicValue: `01${'00'.repeat(31)}` };
      const forged = Buffer.concat([Buffer.from(identity.publicValue, 'hex'), Buffer.alloc(32)]).toString('base64');
      const forger = { ...identity, sign: () => forged };
      expect(judged(withTargetsRole([forger], 1), [forger])).toBe('METADATA_SIGNATURE');
      const unknown = { ...a, keyType: 'ECPRIME256V1' };
      expect(judged(withTargetsRole([unknown], 1), [a])).toBe('METADATA_SIGNATURE');
      expect(judged(withTargetsRole([unknown, b], 1), [b])).toBe('verified');
    });
  });
});

describe('shape', () => {
  const malformed: [string, Uint8Array][] = [
    ['a wrong type', file({ changes: { _type: 'Snapshot' } })],
    ['a missing type', file({ changes: { _type: undefined } })],
    ['version 0', file({ version: 0 })],
    ['version -1', file({ version: -1 })],
    ['version as text', file({ version: '1' })],
    ['targets as an array', file({ changes: { targets: [] } })],
    ['no hashes', makeTargets(roles, { a: target({ hashes: {} }) })],
    ['null hashes', makeTargets(roles, { a: target({ hashes: null }) })],
    ['a short hash', makeTargets(roles, { a: target({ hashes: { sha256: 'ab' } }) })],
    ['a hash that is none', makeTargets(roles, { a: target({ hashes: { sha256: 'zz'.repeat(32) } }) })],
    ['a negative length', makeTargets(roles, { a: target({ length: -1 }) })],
    ['delegations', file({ changes: { delegations: { keys: {}, roles: [{ name: 'x' }] } } })],
    [
      'a serial that is a prototype',
      makeTargets(roles, { a: target({ custom: JSON.parse('{"ecuIdentifiers":{"__proto__":{"hardwareId":"h"}}}') }) }),
    ],
    ['an ECU without hardware id', makeTargets(roles, { a: target({ custom: { ecuIdentifiers: { P1: {} } } }) })],
    ['an unknown format', makeTargets(roles, { a: target({ custom: { targetFormat: 'DEB' } }) })],
    ['a URI with a newline', makeTargets(roles, { a: target({ custom: { uri: 'https://h/\n' } }) })],
    ...['../../etc/passwd', '/etc/x', 'a//b', 'a/', 'a/./b', 'a/..', 'a\0b', 'a\nb', '', 'n'.repeat(4097)].map(
      (name): [string, Uint8Array] => [
        `the name ${JSON.stringify(name.slice(0, 20))}`,
        makeTargets(roles, { [name]: target() }),
      ],
    ),
    [
      'a duplicate version',
      bytesOf(Buffer.from(file({})).toString('utf8').replace('"version":1', '"version":1,"version":2')),
    ],
    ['trailing bytes', bytesOf(`${Buffer.from(file({})).toString('utf8')}x`)],
    ['a byte order mark is no JSON', bytesOf(`{"\ufeff":${'['.repeat(40)}`)],
  ];
  test.each(malformed)('%s: malformed', (_name, bytes) => {
    expect(codeOf(run(bytes))).toBe('METADATA_MALFORMED');
  });

  test.each(['1.0', '1.5', '1E0', '9007199254740993', '1e400'])('version %s: malformed', (version) => {
    const text = Buffer.from(file({ version: 4711 })).toString('utf8');
    expect(codeOf(run(bytesOf(text.replace('4711', version))))).toBe('METADATA_MALFORMED');
  });

  test('names of prototypes are only names', () => {
    const driven = run(
      makeTargets(roles, JSON.parse(`{"constructor":${JSON.stringify(target())}}`) as Record<string, unknown>),
    );
    expect(driven.verdict).toMatchObject({ assignment: { targets: [{ name: 'constructor' }] } });
  });

  test('empty delegations are none', () => {
    expect(codeOf(run(file({ changes: { delegations: { keys: {}, roles: [] } } })))).toBe('verified');
  });

  test('a portal is a bad network, not an attack', () => {
    expect(codeOf(run(bytesOf('<html>Please log in</html>')))).toBe('HTTP_BAD_REPLY');
    expect(codeOf(run(new Uint8Array(0)))).toBe('HTTP_BAD_REPLY');
  });

  test('a file over its cap is refused before it is read', () => {
    const bytes = file({ changes: { custom: { padding: 'x'.repeat(65_536) } } });
    expect(codeOf(run(bytes))).toBe('HTTP_RESPONSE_TOO_LARGE');
    expect(codeOf(run(bytes, { limits: { directorTargetsBytes: 131_072 } }))).toBe('verified');
  });

  test('an ECU named twice is a foreign assignment', () => {
    expect(codeOf(run(makeTargets(roles, { a: target(), b: target() })))).toBe('ASSIGNMENT_FOREIGN');
  });
});

describe('expiry', () => {
  test.each(['2029-12-31T23:59:59Z', '2030-01-01T00:00:00Z', '1970-01-01T00:00:00Z'])('%s is past', (expires) => {
    expect(codeOf(run(file({ expires })))).toBe('METADATA_EXPIRED');
  });

  test('a second later is not', () => {
    expect(now).toBe(Date.parse('2030-01-01T00:00:00Z'));
    expect(codeOf(run(file({ expires: '2030-01-01T00:00:01Z' })))).toBe('verified');
  });

  test.each([
    'never',
    '2031',
    '2031-02-30T00:00:00Z',
    '2031-13-01T00:00:00Z',
    '2031-01-01T24:00:00Z',
    '2031-01-01T00:00:00',
    '2031-01-01T00:00:00+00:00',
    '2031-01-01T00:00:00.000Z',
    '2031-01-01 00:00:00Z',
    '275760-09-13T00:00:00Z',
    ' 2031-01-01T00:00:00Z',
    '',
    2_000_000_000,
    null,
  ])('%j is no time', (expires) => {
    expect(codeOf(run(file({ expires })))).toBe('METADATA_MALFORMED');
  });
});

describe('rollback', () => {
  const stored = file({ version: 5 });
  const trusted = trustedWith([root], { targets: stored });

  test('a lower version is refused, the same and a higher one are taken', () => {
    expect(codeOf(run(file({ version: 4 }), { trusted }))).toBe('METADATA_ROLLBACK');
    expect(codeOf(run(stored, { trusted }))).toBe('verified');
    expect(codeOf(run(file({ version: 6 }), { trusted }))).toBe('verified');
  });

  test('the same version with other content is refused', () => {
    expect(codeOf(run(makeTargets(roles, {}, { version: 5 }), { trusted }))).toBe('METADATA_ROLLBACK');
  });

  test('a stored file is a floor although it expired', () => {
    const expired = trustedWith([root], { targets: file({ version: 5, expires: '2020-01-01T00:00:00Z' }) });
    expect(codeOf(run(file({ version: 4 }), { trusted: expired }))).toBe('METADATA_ROLLBACK');
    expect(codeOf(run(file({ version: 6 }), { trusted: expired }))).toBe('verified');
  });

  test('a stored file that does not verify is no floor', () => {
    const foreign = trustedWith([root], { targets: file({ version: 9, keys: [ed25519Key()] }) });
    expect(codeOf(run(file({ version: 4 }), { trusted: foreign }))).toBe('verified');
  });
});

describe('signed content of other members', () => {
  test('is covered by the signature', () => {
    const content = { _type: 'Targets', expires: '2040-01-01T00:00:00Z', targets: {}, version: 1, extra: { a: [1] } };
    expect(codeOf(run(signed(content, roles.targets.keys)))).toBe('verified');
  });
});
