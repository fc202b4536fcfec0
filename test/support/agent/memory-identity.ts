import type { TlsIdentity } from '../../../src/ports/http.js';
import type { IdentityStore } from '../../../src/ports/identity.js';
import type { SigningKey } from '../../../src/ports/keys.js';

export const signingKey: SigningKey = {
  keyId: 'f'.repeat(64),
  keyType: 'ED25519',
  publicValue: 'A'.repeat(64),
  method: 'ed25519',
  sign: (message) => Promise.resolve(Buffer.from(`signature of ${message.length}`).toString('base64')),
};

/** A fake: the identity in memory, write-once as the real one, and a place where a test can kill. */
export class MemoryIdentity implements IdentityStore {
  keptId: string | null = null;
  keptTls: TlsIdentity | null = null;
  keysMade = 0;
  /** Throws instead of the named call, as a kill does. */
  killedBefore: 'keepTls' | 'keepDeviceId' | 'primaryKey' | null = null;

  deviceId(): Promise<string | null> {
    return Promise.resolve(this.keptId);
  }

  keepDeviceId(deviceId: string): Promise<void> {
    this.killHere('keepDeviceId');
    if (this.keptId !== null && this.keptId !== deviceId) return Promise.reject(new Error('another id is kept'));
    this.keptId = deviceId;
    return Promise.resolve();
  }

  tls(): Promise<TlsIdentity | null> {
    return Promise.resolve(this.keptTls);
  }

  keepTls(identity: TlsIdentity): Promise<void> {
    this.killHere('keepTls');
    this.keptTls = identity;
    return Promise.resolve();
  }

  primaryKey(): Promise<SigningKey> {
    this.killHere('primaryKey');
    this.keysMade = 1;
    return Promise.resolve(signingKey);
  }

  private killHere(call: MemoryIdentity['killedBefore']): void {
    if (this.killedBefore === call) throw new Error(`killed before ${call ?? ''}`);
  }
}
