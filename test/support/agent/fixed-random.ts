import type { Random } from '../../../src/ports/random.js';

/** A fake: chance that the test decides. */
export class FixedRandom implements Random {
  private made = 0;

  constructor(public value = 0.5) {}

  fraction(): number {
    return this.value;
  }

  uuid(): string {
    this.made += 1;
    return `00000000-0000-4000-8000-${String(this.made).padStart(12, '0')}`;
  }
}
