// For development only: a device of tests, which speaks to the gateway with the TLS of Node itself.
import {
  X509Certificate,
  constants,
  createHash,
  createPrivateKey,
  generateKeyPairSync,
  sign,
  type KeyObject,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { unzipSync } from 'fflate';
import forge from 'node-forge';
import { canonicalOtaBytes } from '../../../src/domain/json/canonical-ota.js';
import { fromPlainValue } from '../../../src/domain/json/plain-value.js';
import type { InstalledImage } from '../../../src/development/backend/devices/device-record.js';

export interface TlsMaterial {
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface TestReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  json(): unknown;
}

/** One request on a connection of its own; the path goes out as it is. */
export async function exchange(
  gatewayUrl: string,
  tls: TlsMaterial,
  method: string,
  path: string,
  body?: Buffer | string,
  headers: Readonly<Record<string, string>> = {},
): Promise<TestReply> {
  const agent = new Agent({ keepAlive: false });
  return new Promise((resolve, reject) => {
    const outgoing = request(gatewayUrl, { path, method, agent, headers, ...tls }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const whole = Buffer.concat(chunks);
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: whole,
          json: () => JSON.parse(whole.toString('utf8')) as unknown,
        });
      });
    });
    outgoing.once('error', reject);
    outgoing.end(body);
  });
}

/** Key, certificate and authority out of a PKCS#12 with the empty password. */
export function readPkcs12(bytes: Buffer): Required<TlsMaterial> {
  const packed = forge.pkcs12.pkcs12FromAsn1(forge.asn1.fromDer(bytes.toString('binary')), '');
  const certificates = packed
    .getBags({ bagType: forge.pki.oids['certBag']! })
    [forge.pki.oids['certBag']!]!.map((bag) => forge.pki.certificateToPem(bag.cert!));
  const keyBags = [forge.pki.oids['keyBag']!, forge.pki.oids['pkcs8ShroudedKeyBag']!].flatMap(
    (bagType) => packed.getBags({ bagType })[bagType] ?? [],
  );
  return {
    cert: certificates[0]!,
    ca: certificates.slice(1).join(''),
    key: forge.pki.privateKeyToPem(keyBags[0]!.key!),
  };
}

/** The shared credential of a credentials archive. */
export function readArchive(path: string): { readonly url: string; readonly tls: Required<TlsMaterial> } {
  const entries = unzipSync(readFileSync(path));
  return {
    url: Buffer.from(entries['autoprov.url']!).toString('utf8'),
    tls: readPkcs12(Buffer.from(entries['autoprov_credentials.p12']!)),
  };
}

/** An ECU with its key. */
export class TestEcu {
  private readonly privateKey: KeyObject;
  private readonly publicValue: string;

  constructor(
    readonly serial: string,
    readonly hardwareId: string,
    private readonly keyType: 'ED25519' | 'RSA' = 'ED25519',
  ) {
    const pair =
      keyType === 'RSA' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ed25519');
    this.privateKey = createPrivateKey(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }));
    this.publicValue =
      keyType === 'RSA'
        ? pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
        : pair.publicKey.export({ type: 'spki', format: 'der' }).subarray(12).toString('hex').toUpperCase();
  }

  registration(): object {
    return {
      ecu_serial: this.serial,
      hardware_identifier: this.hardwareId,
      clientKey: { keytype: this.keyType, keyval: { public: this.publicValue } },
    };
  }

  signed(content: object): { signatures: { keyid: string; method: string; sig: string }[]; signed: object } {
    const message = canonicalOtaBytes(fromPlainValue(content));
    const signature =
      this.keyType === 'RSA'
        ? sign('sha256', message, {
            key: this.privateKey,
            padding: constants.RSA_PKCS1_PSS_PADDING,
            saltLength: constants.RSA_PSS_SALTLEN_DIGEST,
          })
        : sign(null, message, this.privateKey);
    const keyid = createHash('sha256').update(JSON.stringify(this.publicValue.trimEnd())).digest('hex');
    const method = this.keyType === 'RSA' ? 'rsassa-pss' : 'ed25519';
    return { signatures: [{ keyid, method, sig: signature.toString('base64') }], signed: content };
  }

  /** Its entry of a manifest. */
  entry(image: InstalledImage): object {
    return this.signed({
      attacks_detected: '',
      ecu_serial: this.serial,
      installed_image: {
        filepath: image.filepath,
        fileinfo: { hashes: { sha256: image.sha256 }, length: image.length },
      },
      previous_timeserver_time: '1970-01-01T00:00:00Z',
      timeserver_time: '1970-01-01T00:00:00Z',
      report_counter: '1',
    });
  }
}

export const nothingInstalled: InstalledImage = {
  filepath: 'unknown',
  length: 0,
  sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
};

/** A provisioned device. */
export class TestDevice {
  constructor(
    readonly gatewayUrl: string,
    readonly tls: Required<TlsMaterial>,
    readonly ecus: readonly [TestEcu, ...TestEcu[]],
  ) {}

  /** Provisions with the shared credential of the archive. */
  static async provision(
    archivePath: string,
    deviceId: string,
    ecus: readonly [TestEcu, ...TestEcu[]],
  ): Promise<TestDevice> {
    const { url, tls } = readArchive(archivePath);
    const body = JSON.stringify({ deviceId, ttl: '36000' });
    const reply = await exchange(url, tls, 'POST', '/devices', body);
    if (reply.status !== 200) {
      throw new Error(`provisioning: ${reply.status} ${reply.body.toString('utf8')}`);
    }
    return new TestDevice(url, readPkcs12(reply.body), ecus);
  }

  /** Of its certificate. */
  subject(): string {
    return new X509Certificate(this.tls.cert).subject;
  }

  request(method: string, path: string, body?: Buffer | string, headers?: Readonly<Record<string, string>>) {
    return exchange(this.gatewayUrl, this.tls, method, path, body, headers);
  }

  register(): Promise<TestReply> {
    const body = { primary_ecu_serial: this.ecus[0].serial, ecus: this.ecus.map((ecu) => ecu.registration()) };
    return this.request('POST', '/director/ecus', JSON.stringify(body));
  }

  /** The manifest as a document; images that aren't named are "nothing installed". */
  manifest(installed: Readonly<Record<string, InstalledImage>> = {}, report?: object): object {
    const entries = this.ecus.map((ecu) => [ecu.serial, ecu.entry(installed[ecu.serial] ?? nothingInstalled)]);
    return this.ecus[0].signed({
      primary_ecu_serial: this.ecus[0].serial,
      ecu_version_manifests: Object.fromEntries(entries) as object,
      ...(report === undefined ? {} : { installation_report: report }),
    });
  }

  sendManifest(installed?: Readonly<Record<string, InstalledImage>>, report?: object): Promise<TestReply> {
    return this.request('PUT', '/director/manifest', JSON.stringify(this.manifest(installed, report)));
  }
}

/** An installation report for the whole device. */
export function installationReport(correlationId: string, serials: readonly string[], success: boolean): object {
  const result = { success, code: success ? 'OK' : 'INSTALL_FAILED', description: success ? '' : 'it broke' };
  return {
    content_type: 'application/vnd.com.here.otac.installationReport.v1',
    report: {
      correlation_id: correlationId,
      result,
      items: serials.map((ecu) => ({ ecu, result })),
      raw_report: '',
    },
  };
}
