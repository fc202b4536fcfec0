import fc from 'fast-check';
import { decodeBase64 } from '../../../src/domain/uptane/base64.js';
import { refreshDirector } from '../../../src/domain/uptane/refresh-director.js';
import { targetNameRefusal } from '../../../src/domain/uptane/target-fields.js';
import { formatUtcTime, parseUtcTime } from '../../../src/domain/uptane/utc-time.js';
import { drive, refreshInput } from '../../support/metadata/refresh-driver.js';
import { makeRoot, makeTargets, newRoles, trustedWith } from '../../support/metadata/repository-maker.js';

describe('times', () => {
  test('are those of the platform', () => {
    const seconds = fc.integer({
      min: Date.parse('0000-01-01T00:00:00Z') / 1000,
      max: Date.parse('9999-12-31T23:59:59Z') / 1000,
    });
    fc.assert(
      fc.property(seconds, (second) => {
        const text = new Date(second * 1000).toISOString().replace('.000Z', 'Z');
        expect(parseUtcTime(text)).toBe(second * 1000);
        expect(formatUtcTime(second * 1000 + 999)).toBe(text);
      }),
      { numRuns: 2_000 },
    );
  });

  test('of any digits are taken only when the calendar has them', () => {
    const digits = (count: number): fc.Arbitrary<string> =>
      fc.integer({ min: 0, max: 10 ** count - 1 }).map((number) => String(number).padStart(count, '0'));
    const text = fc
      .tuple(digits(4), digits(2), digits(2), digits(2), digits(2), digits(2))
      .map(([year, month, day, hour, minute, second]) => `${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
    fc.assert(
      fc.property(text, (written) => {
        const milliseconds = parseUtcTime(written);
        if (milliseconds !== null) expect(new Date(milliseconds).toISOString()).toBe(written.replace('Z', '.000Z'));
      }),
      { numRuns: 2_000 },
    );
    expect(parseUtcTime('2000-02-29T00:00:00Z')).not.toBeNull();
    expect(parseUtcTime('1900-02-29T00:00:00Z')).toBeNull();
    expect(parseUtcTime('2016-12-31T23:59:60Z')).toBeNull();
  });
});

describe('base64', () => {
  test('is read as the platform writes it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(decodeBase64(Buffer.from(bytes).toString('base64'))).toEqual(bytes);
      }),
    );
  });

  test('is refused in any other writing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.base64String(), fc.string()), (text) => {
        const bytes = decodeBase64(text);
        if (bytes !== null) expect(Buffer.from(bytes).toString('base64')).toBe(text);
      }),
      { numRuns: 2_000 },
    );
    for (const text of ['YWJ', 'YWJj!!!', 'YW==YW==', 'YWI=\n', 'YR==', 'YWK=', '-_-_', '=']) {
      expect([text, decodeBase64(text)]).toEqual([text, null]);
    }
  });
});

describe('target names', () => {
  test('that are taken stay below the folder of the targets in a URL', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.constantFrom('/', '.', '..', '%2e', '%2f', '\\', 'a', '\n', '?', '#'),
            fc.string({ unit: 'grapheme' }),
          ),
        ),
        (pieces) => {
          const name = pieces.join('');
          if (targetNameRefusal(name) !== null) return;
          const escaped = name.split('/').map(encodeURIComponent).join('/');
          const url = new URL(`https://host/repo/targets/${escaped}`);
          expect(url.href.startsWith('https://host/repo/targets/')).toBe(true);
          expect(decodeURIComponent(url.pathname)).toBe(`/repo/targets/${name}`);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('a verified file', () => {
  const roles = newRoles();
  const trusted = trustedWith([makeRoot(1, roles)]);
  const targets = makeTargets(roles, {
    'os-2': {
      hashes: { sha256: 'ab'.repeat(32) },
      length: 0,
      custom: { ecuIdentifiers: { P1: { hardwareId: 'board' } } },
    },
  });
  const refresh = (bytes: Uint8Array): unknown => {
    const driven = drive(refreshDirector(refreshInput(trusted)), new Map([['targets.json', bytes]]), trusted);
    return driven.verdict.kind === 'verified' ? driven.verdict.assignment : null;
  };
  const assignment = refresh(targets);

  test('changed in any byte is refused or means the same', () => {
    expect(assignment).not.toBeNull();
    fc.assert(
      fc.property(fc.nat(targets.length - 1), fc.integer({ min: 0, max: 255 }), (place, byte) => {
        const changed = Uint8Array.from(targets);
        changed[place] = byte;
        const verdict = refresh(changed);
        if (verdict !== null) expect(verdict).toEqual(assignment);
      }),
      { numRuns: 1_500 },
    );
  });

  test('cut anywhere, or with bytes put in, is refused or means the same', () => {
    fc.assert(
      fc.property(fc.nat(targets.length - 1), fc.uint8Array({ maxLength: 4 }), fc.boolean(), (place, more, cut) => {
        const tail = cut ? [] : [...targets.subarray(place)];
        const verdict = refresh(Uint8Array.from([...targets.subarray(0, place), ...more, ...tail]));
        if (verdict !== null) expect(verdict).toEqual(assignment);
      }),
      { numRuns: 1_500 },
    );
  });

  test('arbitrary bytes never throw', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.json().map((text) => new TextEncoder().encode(text)),
        ),
        (bytes) => {
          expect(refresh(bytes)).toBeNull();
        },
      ),
    );
  });
});
