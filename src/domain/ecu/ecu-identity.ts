/** Names of ECUs: serials and hardware ids (aktualizr.md 2.5, backend.md 1.4). */
import { failure, success, type Result } from '../result.js';

const maximumSerialLength = 64;
const maximumHardwareIdLength = 200;
/** Names that a JavaScript object has from birth: no honest device is called so (uptane.md 5). */
const forbiddenNames: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype']);

/** @returns the serial, or in words why it is none: 1 to 64 visible ASCII characters. */
export function validateEcuSerial(serial: string): Result<string, string> {
  return validate(serial, 'ECU serial', maximumSerialLength);
}

/** @returns the hardware id, or in words why it is none: 1 to 200 visible ASCII characters. */
export function validateHardwareId(hardwareId: string): Result<string, string> {
  return validate(hardwareId, 'hardware id', maximumHardwareIdLength);
}

function validate(name: string, what: string, maximumLength: number): Result<string, string> {
  if (name === '') return failure(`the ${what} is empty`);
  if (name.length > maximumLength) return failure(`the ${what} is longer than ${maximumLength} characters`);
  if (!/^[!-~](?:[ -~]*[!-~])?$/.test(name)) {
    return failure(`the ${what} has other than visible ASCII characters, or a space at an end`);
  }
  if (forbiddenNames.has(name)) return failure(`the ${what} is a forbidden name`);
  return success(name);
}
