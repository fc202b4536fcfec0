import { SotaError } from '../../domain/errors/sota-error.js';
import type { Files } from '../../ports/files.js';
import type { TlsIdentity } from '../../ports/http.js';
import type { CredentialReader, SharedCredentials } from '../../ports/identity.js';
import { readEntries, withoutEntries } from './archive.js';
import { commonNameOf, distinctCertificates } from './certificates.js';

/** Entries of a credentials archive by their exact names (aktualizr.md 2.1). */
const entryNames = {
  gatewayUrl: 'autoprov.url',
  credential: 'autoprov_credentials.p12',
  serverAuthority: 'server_ca.pem',
  treehub: 'treehub.json',
} as const;

const archiveLimitBytes = 16 * 1024 * 1024;

/** Opens PKCS#12 bytes; PEM texts. @throws SotaError CREDENTIALS_INVALID, naming the source. */
export type Pkcs12Opener = (
  bytes: Buffer,
  password: string,
  source: string,
) => { readonly key: string; readonly certificate: string; readonly authorities: readonly string[] };

/** Reads and empties `credentials.zip`. Nothing of it reaches the disk or a log. */
export class SharedCredentialReader implements CredentialReader {
  readonly #files: Files;
  readonly #openPkcs12: Pkcs12Opener;

  constructor(files: Files, openPkcs12: Pkcs12Opener) {
    this.#files = files;
    this.#openPkcs12 = openPkcs12;
  }

  async readSharedCredentials(archivePath: string, password: string): Promise<SharedCredentials> {
    const { gatewayUrl, credential, serverAuthority } = entryNames;
    const archive = await this.#files.read(archivePath, archiveLimitBytes);
    if (archive === null) throw new SotaError('CREDENTIALS_MISSING', { message: `${archivePath} does not exist` });
    const entries = readEntries(archive, [gatewayUrl, credential, serverAuthority], archivePath);
    const container = entries.get(credential);
    if (container === undefined) {
      throw new SotaError('CREDENTIALS_MISSING', { message: `${archivePath} holds no ${credential} (any more)` });
    }
    const url = readUrl(entries.get(gatewayUrl));
    if (url === null) {
      throw new SotaError('CREDENTIALS_INVALID', { message: `${archivePath} holds no URL in ${gatewayUrl}` });
    }
    const source = `${archivePath}: ${credential}`;
    const authority = entries.get(serverAuthority)?.toString('utf8') ?? '';
    return { gatewayUrl: url, tls: this.#readIdentity(container, password, source, [authority]) };
  }

  async readGatewayUrl(archivePath: string): Promise<string | null> {
    const archive = await this.#files.read(archivePath, archiveLimitBytes);
    if (archive === null) return null;
    return readUrl(readEntries(archive, [entryNames.gatewayUrl], archivePath).get(entryNames.gatewayUrl));
  }

  /** `treehub.json` goes as well: it has no business on a device. */
  async emptyArchive(archivePath: string): Promise<void> {
    const archive = await this.#files.read(archivePath, archiveLimitBytes);
    if (archive === null) return;
    const rest = withoutEntries(archive, [entryNames.credential, entryNames.treehub], archivePath);
    if (rest !== null) await this.#files.writeAtomically(archivePath, rest, 0o600);
  }

  readPkcs12(bytes: Buffer, password: string): TlsIdentity {
    return this.#readIdentity(bytes, password, 'the PKCS#12 file', []);
  }

  commonName(certificatePem: string): string | null {
    return commonNameOf(certificatePem);
  }

  #readIdentity(bytes: Buffer, password: string, source: string, moreAuthorities: readonly string[]): TlsIdentity {
    const { key, certificate, authorities } = this.#openPkcs12(bytes, password, source);
    const all = distinctCertificates([...authorities, ...moreAuthorities], source);
    if (all.length === 0) throw new SotaError('CREDENTIALS_INVALID', { message: `${source} holds no authority` });
    return {
      certificateAuthorities: all.join(''),
      clientCertificate: [certificate, ...authorities].join(''),
      clientKey: key,
    };
  }
}

function readUrl(bytes: Buffer | undefined): string | null {
  const text = bytes?.toString('utf8').trim() ?? '';
  return /^https?:\/\//i.test(text) && URL.canParse(text) ? text : null;
}
