// For development only: never part of what runs on a device.
import type { RoleName } from '../settings.js';

/**
 * How a repository departs from the truth on purpose (a fault). It is signed into new versions, and its end makes
 * new versions again, as an operator's mistake and its repair would.
 */
export type Alteration =
  | { readonly kind: 'expired'; readonly role: RoleName }
  | { readonly kind: 'badSignature'; readonly role: RoleName }
  /** The list above the role has another hash of it. */
  | { readonly kind: 'mixAndMatch'; readonly role: 'targets' | 'snapshot' }
  /** The director says something else than the image repository, which gives way for hardware ids. */
  | { readonly kind: 'disagree'; readonly field: 'hash' | 'length' | 'hardwareId' }
  /** The director names an ECU that isn't of the device, or another hardware id of an ECU. */
  | { readonly kind: 'foreignEcu' }
  | { readonly kind: 'foreignHardware' }
  /** The image repository knows no target. */
  | { readonly kind: 'unknownTarget' };

export function isAlteration(action: { readonly kind: string }): action is Alteration {
  return alterationKinds.has(action.kind);
}

const alterationKinds: ReadonlySet<string> = new Set([
  'expired',
  'badSignature',
  'mixAndMatch',
  'disagree',
  'foreignEcu',
  'foreignHardware',
  'unknownTarget',
]);

/** Tells alterations apart; null is the truth. */
export function alterationKey(alteration: Alteration | null): string {
  return alteration === null ? '' : JSON.stringify(alteration);
}
