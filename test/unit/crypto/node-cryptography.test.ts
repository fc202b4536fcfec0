import { constants, createHash, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { NodeCryptography } from '../../../src/adapters/crypto/node-cryptography.js';
import { generateKeyPair, keyIdOf, signingKeyFromPem } from '../../../src/adapters/crypto/software-signing-key.js';
import type { PublicKey } from '../../../src/domain/uptane/cryptography.js';
import type { KeyGenerationType } from '../../../src/ports/identity.js';

const cryptography = new NodeCryptography();
const message = Buffer.from('{"a":1}');

function rsaPem(modulusLength: number, publicExponent = 65537): string {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength, publicExponent });
  return publicKey.export({ format: 'pem', type: 'spki' }).toString();
}

const refusalOf = (key: PublicKey): string => {
  const judgement = cryptography.judge(key);
  return judgement.usable ? 'usable' : judgement.reason;
};

describe('software signing keys', () => {
  test.each<KeyGenerationType>(['ED25519', 'RSA2048', 'RSA3072'])('%s signs what verifies', async (type) => {
    const { privateKeyPem, signingKey } = await generateKeyPair(type);
    const signature = Buffer.from(await signingKey.sign('{"a":1}'), 'base64');
    const publicKey: PublicKey = signingKey;
    expect(cryptography.verify(publicKey, message, signature)).toBe(true);
    expect(cryptography.verify(publicKey, Buffer.from('{"a":2}'), signature)).toBe(false);
    signature.writeUInt8(signature.readUInt8(5) ^ 1, 5);
    expect(cryptography.verify(publicKey, message, signature)).toBe(false);
    expect(signingKeyFromPem(privateKeyPem)).toMatchObject({
      keyId: signingKey.keyId,
      publicValue: signingKey.publicValue,
    });
  });

  test('have the key id and wire form of aktualizr', async () => {
    const ed25519 = (await generateKeyPair('ED25519')).signingKey;
    expect(ed25519.publicValue).toMatch(/^[0-9A-F]{64}$/);
    expect(ed25519.keyId).toBe(createHash('sha256').update(`"${ed25519.publicValue}"`).digest('hex'));
    const rsa = (await generateKeyPair('RSA2048')).signingKey;
    const quoted = `"${rsa.publicValue.trimEnd().replaceAll('\n', '\\n')}"`;
    expect(rsa.keyId).toBe(createHash('sha256').update(quoted).digest('hex'));
    expect(keyIdOf(rsa.publicValue.trimEnd())).toBe(rsa.keyId);
    expect(rsa.method).toBe('rsassa-pss');
  });

  test('use a salt of 32 bytes, the only one that the verifier of ota-tuf takes', async () => {
    const { signingKey } = await generateKeyPair('RSA2048');
    const signature = Buffer.from(await signingKey.sign('x'), 'base64');
    const verifyWith = (saltLength: number): boolean =>
      verify(
        'sha256',
        Buffer.from('x'),
        { key: signingKey.publicValue, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength },
        signature,
      );
    expect(verifyWith(32)).toBe(true);
    expect(verifyWith(256 - 32 - 2)).toBe(false);
  });

  test('refuse what is no key, without quoting it', () => {
    expect(() => signingKeyFromPem('-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----')).toThrow(
      expect.objectContaining({
        code: 'IDENTITY_DAMAGED',
        message: expect.not.stringContaining('SECRET') as string,
      }) as Error,
    );
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    expect(() => signingKeyFromPem(pem)).toThrow(expect.objectContaining({ code: 'IDENTITY_DAMAGED' }) as Error);
  });
});

describe('NodeCryptography', () => {
  test('digests', () => {
    expect(cryptography.digest('sha256', new Uint8Array())).toMatch(/^e3b0c442[0-9a-f]{52}b855$/);
    expect(cryptography.digest('sha512', new Uint8Array())).toMatch(/^cf83e135[0-9a-f]{120}$/);
  });

  test('knows one key in two writings', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = publicKey.export({ format: 'pem', type: 'spki' }).toString();
    const rewritten = pem.replaceAll('\n', '\r\n');
    const materials = [pem, pem.trimEnd(), rewritten].map((publicValue) => {
      const judgement = cryptography.judge({ keyType: 'RSA', publicValue });
      return judgement.usable ? judgement.material : judgement.reason;
    });
    expect(new Set(materials).size).toBe(1);
    const hex = 'D75A980182B10AB7D54BFED3C964073A0EE172F3DAA62325AF021A68F707511A';
    expect(cryptography.judge({ keyType: 'ED25519', publicValue: hex })).toEqual(
      cryptography.judge({ keyType: 'ED25519', publicValue: hex.toLowerCase() }),
    );
  });

  test('verifies PSS with any salt, nothing else', () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key: PublicKey = {
      keyType: 'RSA',
      publicValue: publicKey.export({ format: 'pem', type: 'spki' }).toString(),
    };
    for (const saltLength of [0, 20, 32, 222]) {
      const padding = constants.RSA_PKCS1_PSS_PADDING;
      const signature = sign('sha256', message, { key: privateKey, padding, saltLength });
      expect(cryptography.verify(key, message, signature)).toBe(true);
    }
    expect(cryptography.verify(key, message, sign('sha256', message, privateKey))).toBe(false);
    expect(cryptography.verify(key, message, new Uint8Array(0))).toBe(false);
    expect(cryptography.verify(key, message, new Uint8Array(256))).toBe(false);
    const withSha512 = sign('sha512', message, { key: privateKey, padding: constants.RSA_PKCS1_PSS_PADDING });
    expect(cryptography.verify(key, message, withSha512)).toBe(false);
  });

  test('refuses weak and foreign RSA keys', () => {
    expect(refusalOf({ keyType: 'RSA', publicValue: rsaPem(1024) })).toContain('1024 bits');
    expect(refusalOf({ keyType: 'RSA', publicValue: rsaPem(2048, 3) })).toContain('exponent 3');
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const ec = publicKey.export({ format: 'pem', type: 'spki' }).toString();
    expect(refusalOf({ keyType: 'RSA', publicValue: ec })).toContain('type ec');
    const secret = privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    expect(refusalOf({ keyType: 'RSA', publicValue: secret })).toContain('not a PEM public key');
    const broken = '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n';
    expect(refusalOf({ keyType: 'RSA', publicValue: broken })).toContain('can not be parsed');
    expect(refusalOf({ keyType: 'RSA', publicValue: 'constructor' })).toContain('not a PEM public key');
  });

  test.each(['', 'zz'.repeat(32), 'ab'.repeat(31), 'ab'.repeat(33)])('refuses %j as Ed25519', (publicValue) => {
    expect(refusalOf({ keyType: 'ED25519', publicValue })).toContain('64 hexadecimal');
  });
});

/** Arithmetic on the curve, to find the points of small order instead of copying them. */
const p = 2n ** 255n - 19n;
const modulo = (value: bigint): bigint => ((value % p) + p) % p;
const power = (base: bigint, exponent: bigint): bigint => {
  let result = 1n;
  for (let b = modulo(base), e = exponent; e > 0n; e >>= 1n, b = modulo(b * b)) if (e & 1n) result = modulo(result * b);
  return result;
};
const inverse = (value: bigint): bigint => power(value, p - 2n);
const d = modulo(-121665n * inverse(121666n));
type Point = readonly [bigint, bigint];
const add = ([x1, y1]: Point, [x2, y2]: Point): Point => {
  const product = modulo(d * x1 * x2 * y1 * y2);
  return [
    modulo((x1 * y2 + x2 * y1) * inverse(1n + product)),
    modulo((y1 * y2 + x1 * x2) * inverse(modulo(1n - product))),
  ];
};
const multiply = (point: Point, factor: bigint): Point => {
  let result: Point = [0n, 1n];
  for (let q = point, f = factor; f > 0n; f >>= 1n, q = add(q, q)) if (f & 1n) result = add(result, q);
  return result;
};
const squareRoot = (value: bigint): bigint | null => {
  let root = power(value, (p + 3n) / 8n);
  if (modulo(root * root - value) !== 0n) root = modulo(root * power(2n, (p - 1n) / 4n));
  return modulo(root * root - value) === 0n ? root : null;
};
const encodePoint = (y: bigint, sign: bigint): string =>
  Buffer.from((y | (sign << 255n)).toString(16).padStart(64, '0'), 'hex')
    .reverse()
    .toString('hex');

describe('Ed25519 keys of small order', () => {
  /** Multiplying any point by the prime order of the main group leaves one of the eight. */
  const smallOrderCoordinates = (): Set<bigint> => {
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const found = new Set<bigint>();
    for (let y = 2n; found.size < 5; y += 1n) {
      const x = squareRoot(modulo((y * y - 1n) * inverse(modulo(d * y * y + 1n))));
      if (x === null) continue;
      const torsion = multiply([x, y], order);
      for (let factor = 0n; factor < 8n; factor += 1n) found.add(multiply(torsion, factor)[1]);
    }
    return found;
  };

  test('all eight are refused, in every encoding', () => {
    const coordinates = smallOrderCoordinates();
    expect(coordinates.size).toBe(5);
    for (const y of coordinates) {
      for (const sign of [0n, 1n]) {
        const publicValue = encodePoint(y, sign);
        expect(refusalOf({ keyType: 'ED25519', publicValue })).toContain('small order');
        expect(cryptography.verify({ keyType: 'ED25519', publicValue }, message, Buffer.alloc(64))).toBe(false);
      }
    }
    for (let excess = 0n; excess < 19n; excess += 1n) {
      expect(refusalOf({ keyType: 'ED25519', publicValue: encodePoint(p + excess, 0n) })).toContain('canonical');
    }
    expect(refusalOf({ keyType: 'ED25519', publicValue: encodePoint(p - 2n, 0n) })).toBe('usable');
  });

  test('are dangerous in truth: OpenSSL takes one signature for every message', () => {
    const identity = encodePoint(1n, 0n);
    const der = Buffer.from(`302a300506032b6570032100${identity}`, 'hex');
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
    const signature = Buffer.concat([Buffer.from(identity, 'hex'), Buffer.alloc(32)]);
    expect(verify(null, Buffer.from('anything'), key, signature)).toBe(true);
    expect(cryptography.verify({ keyType: 'ED25519', publicValue: identity }, message, signature)).toBe(false);
  });
});
