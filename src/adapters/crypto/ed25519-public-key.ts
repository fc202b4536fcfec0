/** Ed25519 public keys from 32 bytes of hex, without those that prove nothing. */
import { createPublicKey, type KeyObject } from 'node:crypto';

/** DER of SubjectPublicKeyInfo up to the key itself (RFC 8410). */
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * The y coordinates of the eight points of small order, little-endian without the sign bit. OpenSSL takes such a key,
 * and for some of them one signature fits every message (RFC 8032 leaves the check to the protocol).
 */
const smallOrder: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
]);

/** @returns the key, or in words why it is refused. */
export function ed25519PublicKey(hexadecimal: string): KeyObject | string {
  if (!/^[0-9a-fA-F]{64}$/.test(hexadecimal)) return 'an Ed25519 key is 64 hexadecimal digits';
  const bytes = Buffer.from(hexadecimal, 'hex');
  const withoutSign = Buffer.from(bytes);
  withoutSign.writeUInt8(bytes.readUInt8(31) & 0x7f, 31);
  if (smallOrder.has(withoutSign.toString('hex'))) return 'the Ed25519 key is a point of small order';
  // A coordinate of p or more is a second writing of another key: it would count as a key of its own.
  if (!isBelowFieldPrime(withoutSign)) return 'the Ed25519 key is not in its canonical encoding';
  return createPublicKey({ key: Buffer.concat([spkiPrefix, bytes]), format: 'der', type: 'spki' });
}

/** p = 2^255 - 19, little-endian: ed ff .. ff 7f. */
function isBelowFieldPrime(coordinate: Buffer): boolean {
  if (coordinate.readUInt8(31) !== 0x7f || coordinate.readUInt8(0) < 0xed) return true;
  return coordinate.subarray(1, 31).some((byte) => byte !== 0xff);
}

/** The 64 upper-case hex digits that go over the wire. */
export function ed25519WireForm(publicKey: KeyObject): string {
  return publicKey.export({ format: 'der', type: 'spki' }).subarray(spkiPrefix.length).toString('hex').toUpperCase();
}
