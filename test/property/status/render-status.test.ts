import * as fc from 'fast-check';
import { validateStatusDocument } from '../../../src/adapters/schema/validators.js';
import { buildStatus } from '../../../src/domain/status/build-status.js';
import { secondsBetween } from '../../../src/domain/status/moment.js';
import { renderStatus } from '../../../src/domain/status/render-status.js';
import { atRest } from '../../support/status-inputs.js';

const text = fc.string({ unit: 'binary', maxLength: 200 });

test('any texts give a valid document and lines that are safe for a terminal', () => {
  fc.assert(
    fc.property(text, text, text, fc.integer({ min: 1, max: 200 }), (name, reason, hint, width) => {
      const document = buildStatus({
        ...atRest,
        running: { name, checksum: null },
        holds: [{ targetName: name, sha256: 'aa', correlationId: null, reason }],
        lastError: { time: atRest.now, code: 'ABORTED', message: reason, hint },
      });
      expect(validateStatusDocument(document).ok).toBe(true);
      const rendered = renderStatus(document, { now: atRest.now, width, color: false });
      expect(rendered).not.toMatch(/[^\P{Cc}\n]|\p{Cf}/u);
    }),
  );
});

test('times are counted as Date counts them', () => {
  const moment = fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true });
  fc.assert(
    fc.property(moment, moment, (earlier, later) => {
      const seconds = Math.floor(later.getTime() / 1000) - Math.floor(earlier.getTime() / 1000);
      expect(secondsBetween(earlier.toISOString(), later.toISOString())).toBe(seconds);
    }),
  );
});
