import { SotaError } from '../domain/errors/sota-error.js';
import type { Cryptography } from '../domain/uptane/cryptography.js';
import { defaultMetadataLimits } from '../domain/uptane/limits.js';
import { otaProfile } from '../domain/uptane/profile.js';
import { verifyFirstRoot } from '../domain/uptane/root-chain.js';
import type { AppendedRoot, RepositoryName } from '../domain/uptane/trusted-metadata.js';
import { formatUtcTime } from '../domain/uptane/utc-time.js';
import type { Files } from '../ports/files.js';
import type { Http } from '../ports/http.js';
import type { Logger } from '../ports/logger.js';
import type { PrivilegedActions } from '../ports/privileged-actions.js';
import type { FirstUse } from '../ports/trust.js';
import { rejectionError } from './metadata-session.js';
import type { ProvisioningSettings } from './provisioning-settings.js';
import { isSuccess, statusError } from './server-reply.js';
import type { TimeKeeper } from './time-keeper.js';

/** The folder of a repository's root, in imports and images alike. */
const folderOf: Readonly<Record<RepositoryName, string>> = { director: 'director', image: 'repo' };
const deadlineSeconds = 30;

interface FoundRoot {
  readonly bytes: Uint8Array;
  readonly source: FirstUse['source'];
  /** File or URL, for people. */
  readonly place: string;
}

export interface FirstRootsParts {
  readonly settings: ProvisioningSettings;
  readonly files: Files;
  readonly privileged: PrivilegedActions;
  readonly cryptography: Cryptography;
  readonly time: TimeKeeper;
  readonly logger: Logger;
}

/** Where trust begins: imported, shipped in the image, or, once and only where allowed, fetched at provisioning. */
export class FirstRoots {
  private readonly parts: FirstRootsParts;

  constructor(parts: FirstRootsParts) {
    this.parts = parts;
  }

  /** @throws SotaError ROOT_MISSING, METADATA_MALFORMED and its kin, and the network's. */
  async ensure(http: Http): Promise<void> {
    const trusted = await this.parts.privileged.trustedState();
    for (const repository of ['director', 'image'] as const) {
      if (trusted[repository].roots.length > 0) continue;
      const found = (await this.local(repository)) ?? (await this.fetch(repository, http));
      await this.keep(repository, found, trusted.firstUse === null && repository === 'director');
    }
  }

  private async keep(repository: RepositoryName, found: FoundRoot, isFirst: boolean): Promise<void> {
    const { cryptography, time, privileged, logger } = this.parts;
    const verification = { profile: otaProfile, cryptography, limits: defaultMetadataLimits };
    const root = verifyFirstRoot(found.bytes, repository, verification);
    if (!root.ok) {
      const { code, message } = rejectionError(root.error);
      throw new SotaError(code, { message: `${found.place}: ${message}` });
    }
    const appended: AppendedRoot = { repository, ...root.value };
    await privileged.commitTrust({
      appendRoots: [appended],
      // How trust began is on record for ever.
      ...(isFirst ? { firstUse: { source: found.source, time: formatUtcTime(time.now()) } } : {}),
    });
    logger.info(`trust: first root of the ${repository} repository is version ${appended.version} (${found.source})`);
  }

  private async local(repository: RepositoryName): Promise<FoundRoot | null> {
    const { files, settings } = this.parts;
    const places = [
      { folder: settings.importFolder, source: 'import' },
      { folder: settings.rootsFolder, source: 'image' },
    ] as const;
    for (const { folder, source } of places) {
      const path = `${folder}/${folderOf[repository]}/root.json`;
      const bytes = await files.read(path, defaultMetadataLimits.rootBytes);
      if (bytes !== null) return { bytes, source, place: path };
    }
    return null;
  }

  private async fetch(repository: RepositoryName, http: Http): Promise<FoundRoot> {
    const { settings } = this.parts;
    if (settings.firstUse === 'never') {
      throw new SotaError('ROOT_MISSING', {
        message:
          `no first root of the ${repository} repository in ${settings.importFolder} or ${settings.rootsFolder}, ` +
          'and uptane.first_use = "never"',
      });
    }
    const server = repository === 'director' ? settings.directorServer : settings.imageRepositoryServer;
    const url = `${server ?? ''}/1.root.json`;
    const reply = await http.request({
      method: 'GET',
      url,
      maximumBytes: defaultMetadataLimits.rootBytes,
      deadlineSeconds,
    });
    if (!isSuccess(reply)) throw statusError(`GET ${url}`, reply);
    return { bytes: reply.body, source: 'provisioning', place: url };
  }
}
