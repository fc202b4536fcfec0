import { randomInt, randomUUID } from 'node:crypto';
import type { Random } from '../../ports/random.js';

const steps = 2 ** 48 - 1;

/** The random numbers of the operating system: devices that start in the same second must not poll in the same one. */
export class SystemRandom implements Random {
  fraction(): number {
    return randomInt(steps) / steps;
  }

  uuid(): string {
    return randomUUID();
  }
}
