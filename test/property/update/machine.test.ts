import fc from 'fast-check';
import { reduce } from '../../../src/domain/update/machine.js';
import { parseRecord, printRecord } from '../../../src/domain/update/record-format.js';
import { idleRecord, type UpdateRecord } from '../../../src/domain/update/record.js';
import { events } from '../../support/update/records.js';

describe('any sequence of events', () => {
  it('never throws, survives the journal, and never begins a second attempt beside the first', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...events), { maxLength: 120 }), (sequence) => {
        let record: UpdateRecord = idleRecord;
        for (const event of sequence) {
          const next = reduce(record, event);
          if (record.state !== 'idle' && next.state !== 'idle') {
            expect(next.attempt.target).toEqual(record.attempt.target);
            expect(next.attempt.correlationId).toBe(record.attempt.correlationId);
          }
          expect(parseRecord(printRecord(next))).toEqual({ ok: true, value: next });
          record = next;
        }
      }),
      { numRuns: 500 },
    );
  });

  it('never confirms a version that does not run', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...events), { maxLength: 60 }), (sequence) => {
        let record: UpdateRecord = idleRecord;
        for (const event of sequence) {
          const next = reduce(record, event);
          if (next.state === 'confirming' && record.state !== 'confirming') {
            expect(event).toMatchObject({ name: 'Booted', facts: { bootedCommit: next.attempt.target.sha256 } });
          }
          record = next;
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('any text', () => {
  it('is a record or a reason, never an exception', () => {
    fc.assert(fc.property(fc.string(), (text) => typeof parseRecord(text).ok === 'boolean'));
    fc.assert(fc.property(fc.json(), (text) => typeof parseRecord(text).ok === 'boolean'));
  });
});
