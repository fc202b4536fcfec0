import { parseRecord, printRecord } from '../../../src/domain/update/record-format.js';
import { attempt, error, origin, records } from '../../support/update/records.js';

describe('the journal record', () => {
  it('comes back as it was written, in every state', () => {
    const all = [...records, { state: 'retrying' as const, attempt: { ...attempt, lastError: error } }];
    for (const record of all) expect(parseRecord(printRecord(record))).toEqual({ ok: true, value: record });
  });

  it('ignores members that a newer sotad added', () => {
    const text = printRecord({ state: 'installing', attempt, origin }).replace('{', '{"fromTheFuture":[1],');
    expect(parseRecord(text)).toEqual({ ok: true, value: { state: 'installing', attempt, origin } });
  });

  it('keeps a failure whose code only a newer catalogue knows', () => {
    const text = printRecord({ state: 'undoing', attempt, outcome: { result: 'failure', error } });
    expect(parseRecord(text.replace('PULL_FAILED', 'NOT_INVENTED_YET'))).toMatchObject({
      ok: true,
      value: { outcome: { error: { code: 'INSTALLATION_FAILED' } } },
    });
  });

  it.each([
    ['', /no JSON/],
    ['[]', /record is not an object/],
    ['{"format":2,"state":"idle"}', /format/],
    ['{"format":1,"state":"dancing"}', /state/],
    ['{"format":1,"state":"ready","attempt":{}}', /attempt\.target/],
    ['{"format":1,"state":"__proto__"}', /state/],
  ])('refuses %s with the field', (text, reason) => {
    const result = parseRecord(text);
    expect(result.ok).toBe(false);
    if (!result.ok) expect(result.error).toMatch(reason);
  });

  it('refuses a commit that is none', () => {
    const text = printRecord({ state: 'ready', attempt }).replace(attempt.target.sha256, '../../etc');
    expect(parseRecord(text)).toEqual({ ok: false, error: 'attempt.target.sha256 is not 64 hex digits' });
  });
});
