// For development only: never part of what runs on a device.
import type { Laboratory } from '../laboratory/laboratory.js';
import type { Saboteur } from './sabotage.js';

/** Waits for what the demo wants to see. */
export class Steps {
  constructor(
    private readonly laboratory: Laboratory,
    private readonly saboteur: Saboteur,
    /** How long each step may take. */
    private readonly seconds: number,
  ) {}

  /** @throws Error when it is not seen in time, or when the device has met what the saboteur broke. */
  until<Value>(what: string, probe: () => Promise<Value | null | false>): Promise<Value> {
    return this.laboratory.until(what, this.seconds, async () => {
      const value = await probe();
      if (isSeen(value)) return value;
      const obstacle = await this.saboteur.look();
      if (obstacle === null) return null;
      // It may have come between the two looks.
      const late = await probe();
      if (isSeen(late)) return late;
      throw new Error(`not seen: ${what}; sabotaged: ${obstacle}`);
    });
  }
}

function isSeen<Value>(value: Value | null | false): value is Value {
  return value !== null && value !== false;
}
