import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync, zipSync } from 'fflate';
import { SharedCredentialReader } from '../../../src/adapters/credentials/shared-credential-reader.js';
import { NodeFiles } from '../../../src/adapters/files/node-files.js';
import { openPkcs12 } from '../../../src/adapters/forge/pkcs12.js';
import { bundleProgram } from '../../support/bundled-program.js';
import { TestAuthority } from '../../support/tls/test-authority.js';

const url = 'https://gateway.example:8443';

describe('SharedCredentialReader', () => {
  const reader = new SharedCredentialReader(new NodeFiles(), openPkcs12);
  let folder: string;
  let archivePath: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'sotad-credentials-'));
    archivePath = join(folder, 'credentials.zip');
    makeChain('ec', ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1']);
    makeChain('rsa', ['-newkey', 'rsa:2048']);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  afterEach(() => rmSync(archivePath, { force: true }));

  const openssl = (...words: string[]): void => void execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' });

  /** An authority and a device signed by it, by the openssl program: forge can't issue elliptic curve certificates. */
  function makeChain(kind: string, newKey: string[]): void {
    openssl(
      'req',
      '-x509',
      ...newKey,
      '-nodes',
      '-keyout',
      `${kind}-ca.key`,
      '-out',
      `${kind}-ca.pem`,
      '-subj',
      '/CN=Test CA',
    );
    openssl('req', ...newKey, '-nodes', '-keyout', `${kind}.key`, '-out', `${kind}.csr`, '-subj', '/O=Org/CN=device-7');
    openssl(
      'x509',
      '-req',
      '-in',
      `${kind}.csr`,
      '-CA',
      `${kind}-ca.pem`,
      '-CAkey',
      `${kind}-ca.key`,
      '-out',
      `${kind}.pem`,
    );
  }

  function pkcs12(kind: string, options: string[], password = ''): Buffer {
    // Twice the authority, as the files of the ancestor's server have it.
    writeFileSync(join(folder, 'chain.pem'), read(`${kind}-ca.pem`) + read(`${kind}-ca.pem`));
    openssl(
      ...['pkcs12', '-export', '-out', 'out.p12', '-inkey', `${kind}.key`, '-in', `${kind}.pem`],
      ...['-certfile', 'chain.pem', '-passout', `pass:${password}`, ...options],
    );
    return readFileSync(join(folder, 'out.p12'));
  }

  const read = (name: string): string => readFileSync(join(folder, name), 'utf8');
  const pemOf = (text: string): string => new X509Certificate(text).toString();
  const keyOf = (text: string): string => createPrivateKey(text).export({ type: 'pkcs8', format: 'pem' }).toString();
  const zip = (entries: Record<string, Buffer | string>): void => {
    const bytes = Object.entries(entries).map(
      ([name, content]) => [name, new Uint8Array(Buffer.from(content))] as const,
    );
    writeFileSync(archivePath, zipSync(Object.fromEntries(bytes)));
  };

  const oldCiphers = ['-legacy', '-keypbe', 'PBE-SHA1-3DES', '-certpbe', 'PBE-SHA1-RC2-40', '-macalg', 'sha1'];

  describe('readPkcs12', () => {
    it.each([
      ['ec', 'modern', []],
      ['ec', 'old', oldCiphers],
      ['ec', 'unencrypted', ['-keypbe', 'NONE', '-certpbe', 'NONE']],
      ['rsa', 'modern', []],
      ['rsa', 'old', oldCiphers],
      ['rsa', 'unencrypted', ['-keypbe', 'NONE', '-certpbe', 'NONE']],
    ])('reads an %s key from a file with %s ciphers', (kind, _, options) => {
      const identity = reader.readPkcs12(pkcs12(kind, options), '');
      expect(identity).toEqual({
        clientKey: keyOf(read(`${kind}.key`)),
        clientCertificate: pemOf(read(`${kind}.pem`)) + pemOf(read(`${kind}-ca.pem`)),
        certificateAuthorities: pemOf(read(`${kind}-ca.pem`)),
      });
      expect(reader.commonName(identity.clientCertificate ?? '')).toBe('device-7');
    });

    it('needs the right password', () => {
      const bytes = pkcs12('ec', oldCiphers, 'word');
      expect(reader.readPkcs12(bytes, 'word').clientKey).toBe(keyOf(read('ec.key')));
      for (const password of ['', 'other']) {
        expect(() => reader.readPkcs12(bytes, password)).toThrow(
          expect.objectContaining({ code: 'CREDENTIALS_INVALID' }) as Error,
        );
      }
    });

    it.each([
      ['no key', ['-nokeys', '-in', 'ec.pem', '-certfile', 'ec-ca.pem']],
      ['no certificate', ['-nocerts', '-inkey', 'ec.key', '-in', 'ec.key']],
      ['no authority', ['-inkey', 'ec.key', '-in', 'ec.pem']],
    ])('refuses a file with %s', (_, words) => {
      openssl('pkcs12', '-export', '-out', 'out.p12', '-passout', 'pass:', ...words);
      expect(() => reader.readPkcs12(readFileSync(join(folder, 'out.p12')), '')).toThrow(
        expect.objectContaining({ code: 'CREDENTIALS_INVALID' }) as Error,
      );
    });

    it('refuses what is no PKCS#12 file', () => {
      for (const bytes of [Buffer.alloc(0), Buffer.from('<html>'), pkcs12('ec', []).subarray(0, 700)]) {
        expect(() => reader.readPkcs12(bytes, '')).toThrow(
          expect.objectContaining({ code: 'CREDENTIALS_INVALID' }) as Error,
        );
      }
    });
  });

  describe('readSharedCredentials', () => {
    it('gives the URL, trimmed, and the identity, with the authority of the server where there is one', async () => {
      const other = new TestAuthority('Server CA').certificate;
      zip({
        'autoprov.url': ` ${url}\r\n`,
        'autoprov_credentials.p12': pkcs12('ec', oldCiphers),
        'server_ca.pem': other + read('ec-ca.pem'),
        '../escape': 'x',
      });
      const credentials = await reader.readSharedCredentials(archivePath, '');
      expect(credentials.gatewayUrl).toBe(url);
      expect(credentials.tls.certificateAuthorities).toBe(pemOf(read('ec-ca.pem')) + pemOf(other));
      expect(credentials.tls.clientCertificate).toBe(pemOf(read('ec.pem')) + pemOf(read('ec-ca.pem')));
      expect(await reader.readGatewayUrl(archivePath)).toBe(url);
    });

    it('says that the archive, or its credential, is not there', async () => {
      await expect(reader.readSharedCredentials(archivePath, '')).rejects.toMatchObject({
        code: 'CREDENTIALS_MISSING',
      });
      expect(await reader.readGatewayUrl(archivePath)).toBeNull();
      zip({ 'autoprov.url': url });
      await expect(reader.readSharedCredentials(archivePath, '')).rejects.toMatchObject({
        code: 'CREDENTIALS_MISSING',
        message: `${archivePath} holds no autoprov_credentials.p12 (any more)`,
      });
      zip({});
      expect(await reader.readGatewayUrl(archivePath)).toBeNull();
    });

    it.each([
      ['no URL', {}],
      ['a URL of another kind', { 'autoprov.url': 'file:///etc/passwd' }],
      ['a damaged credential', { 'autoprov.url': url, 'autoprov_credentials.p12': 'x' }],
      [
        'a damaged authority',
        { 'autoprov.url': url, 'server_ca.pem': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----' },
      ],
      ['a bomb', { 'autoprov.url': ' '.repeat(50_000_000) }],
    ])('refuses an archive with %s', async (_, entries) => {
      zip({ 'autoprov_credentials.p12': pkcs12('ec', []), ...entries });
      await expect(reader.readSharedCredentials(archivePath, '')).rejects.toMatchObject({
        code: 'CREDENTIALS_INVALID',
        message: expect.stringContaining(archivePath) as string,
      });
    });

    it('refuses what is no archive', async () => {
      for (const text of ['', 'no zip', 'PK\u0003\u0004'.repeat(20)]) {
        writeFileSync(archivePath, text);
        await expect(reader.readSharedCredentials(archivePath, '')).rejects.toMatchObject({
          code: 'CREDENTIALS_INVALID',
        });
      }
    });
  });

  describe('emptyArchive', () => {
    it('takes out the credential and treehub.json, keeps the rest, and nothing lies beside', async () => {
      zip({ 'autoprov.url': url, 'autoprov_credentials.p12': 'secret', 'treehub.json': '{}', other: 'kept' });
      const before = readdirSync(folder);
      await reader.emptyArchive(archivePath);
      expect(Object.keys(unzipSync(readFileSync(archivePath))).sort()).toEqual(['autoprov.url', 'other']);
      expect(Buffer.from(unzipSync(readFileSync(archivePath))['other'] ?? []).toString()).toBe('kept');
      expect(await reader.readGatewayUrl(archivePath)).toBe(url);
      expect(readdirSync(folder)).toEqual(before);
      const after = readFileSync(archivePath);
      await reader.emptyArchive(archivePath);
      expect(readFileSync(archivePath)).toEqual(after);
    });

    it('leaves a valid archive without entries, and minds no missing one', async () => {
      zip({ 'autoprov_credentials.p12': 'secret' });
      await reader.emptyArchive(archivePath);
      expect(readFileSync(archivePath).toString('hex')).toBe(`504b0506${'00'.repeat(18)}`);
      await expect(reader.readSharedCredentials(archivePath, '')).rejects.toMatchObject({
        code: 'CREDENTIALS_MISSING',
      });
      rmSync(archivePath);
      await reader.emptyArchive(archivePath);
      expect(existsSync(archivePath)).toBe(false);
    });
  });

  it('reads a common name as it was written, the first of two, and leaves node:tls alone', () => {
    const subject = '/O=A, CN=no+CN=x\\+y"z,ä CN=no/CN=second';
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'n.key',
      '-out',
      'n.pem',
      '-utf8',
      '-subj',
      subject,
    );
    expect(reader.commonName(read('n.pem'))).toBe('x+y"z,ä CN=no');
    const script = `
      const { readFileSync } = require('node:fs');
      const { commonNameOf } = require(process.argv[1]);
      process.stdout.write(commonNameOf(readFileSync(process.argv[2], 'utf8')) + typeof require('node:tls').createSecureContext);`;
    const program = bundleProgram('src/adapters/credentials/certificates.ts', join(folder, 'program'));
    expect(execFileSync(process.execPath, ['-e', script, program, join(folder, 'n.pem')], { encoding: 'utf8' })).toBe(
      'x+y"z,ä CN=nofunction',
    );
  });

  it('finds no common name in what has none', () => {
    expect(reader.commonName('')).toBeNull();
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'n.key', '-out', 'n.pem', '-subj', '/O=Org');
    expect(reader.commonName(read('n.pem'))).toBeNull();
  });
});
