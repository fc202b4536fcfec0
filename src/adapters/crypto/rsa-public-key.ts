/** RSA public keys from SPKI PEM, within the sizes that metadata may use (aktualizr.md 4.3). */
import { createPublicKey, type KeyObject } from 'node:crypto';

const pemForm = /^-----BEGIN PUBLIC KEY-----\r?\n(?:[A-Za-z0-9+/=]{1,76}\r?\n)+-----END PUBLIC KEY-----\s*$/;
const minimumModulusBits = 2048;
const maximumModulusBits = 4096;
const minimumExponent = 65537n;

/** @returns the key, or in words why it is refused. */
export function rsaPublicKey(pem: string): KeyObject | string {
  // Node would also take certificates and private keys here.
  if (!pemForm.test(pem)) return 'the RSA key is not a PEM public key';
  let key: KeyObject;
  try {
    key = createPublicKey({ key: pem, format: 'pem', type: 'spki' });
  } catch {
    return 'the RSA key can not be parsed';
  }
  if (key.asymmetricKeyType !== 'rsa') return `a key of type ${key.asymmetricKeyType ?? 'unknown'} stands as RSA`;
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  const exponent = key.asymmetricKeyDetails?.publicExponent ?? 0n;
  if (bits < minimumModulusBits || bits > maximumModulusBits) {
    return `an RSA key of ${bits} bits, allowed are ${minimumModulusBits} to ${maximumModulusBits}`;
  }
  if (exponent < minimumExponent || exponent % 2n === 0n) return `an RSA key with the exponent ${exponent.toString()}`;
  return key;
}
