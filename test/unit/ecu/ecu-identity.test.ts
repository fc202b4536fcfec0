import { validateEcuSerial, validateHardwareId } from '../../../src/domain/ecu/ecu-identity.js';

describe('ECU names', () => {
  test.each(['a', '0123-ab.CD_ef', 'x'.repeat(64), 'a b', '{"quoted"}'])('%j is a serial', (serial) => {
    expect(validateEcuSerial(serial)).toEqual({ ok: true, value: serial });
  });

  test.each([
    ['', 'empty'],
    ['x'.repeat(65), '64'],
    ['a\nb', 'ASCII'],
    [' a', 'space'],
    ['a ', 'space'],
    ['a\u0000', 'ASCII'],
    ['é', 'ASCII'],
    ['\u001b[31m', 'ASCII'],
    ['__proto__', 'forbidden'],
    ['constructor', 'forbidden'],
    ['prototype', 'forbidden'],
  ])('%j is no serial', (serial, reason) => {
    expect(validateEcuSerial(serial)).toEqual({ ok: false, error: expect.stringContaining(reason) as string });
  });

  test('hardware ids may have 200 characters', () => {
    expect(validateHardwareId('h'.repeat(200)).ok).toBe(true);
    expect(validateHardwareId('h'.repeat(201)).ok).toBe(false);
    expect(validateHardwareId('').ok).toBe(false);
  });
});
