import { judgeBoot, type BootFacts, type BootVerdict } from '../../../src/domain/boot/judge-boot.js';

const facts: BootFacts = {
  journaledBootId: 'before',
  currentBootId: 'after',
  bootedCommit: 'new',
  expectedCommit: 'new',
  previousCommit: 'old',
};

test.each<[Partial<BootFacts>, BootVerdict]>([
  [{}, 'bootedExpected'],
  [{ currentBootId: 'before' }, 'notRebooted'],
  [{ currentBootId: 'before', bootedCommit: 'old' }, 'notRebooted'],
  [{ bootedCommit: 'old' }, 'rolledBack'],
  [{ bootedCommit: 'other' }, 'bootedOther'],
  [{ bootedCommit: null }, 'bootedOther'],
  [{ bootedCommit: null, previousCommit: null }, 'bootedOther'],
  [{ bootedCommit: 'other', previousCommit: null }, 'bootedOther'],
])('%j is %s', (change, verdict) => {
  expect(judgeBoot({ ...facts, ...change })).toBe(verdict);
});
