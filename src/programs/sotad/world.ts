/** The adapters of sotad, made once from the configuration. */
import { join } from 'node:path';
import { BinaryImageFolder } from '../../adapters/binary/binary-image-folder.js';
import { NodeCryptography } from '../../adapters/crypto/node-cryptography.js';
import { generateKeyPair, signingKeyFromPem } from '../../adapters/crypto/software-signing-key.js';
import { SharedCredentialReader } from '../../adapters/credentials/shared-credential-reader.js';
import { CurlHttpFactory } from '../../adapters/curl/curl-http-factory.js';
import { DeviceInformation } from '../../adapters/device/device-information.js';
import { NodeProcesses } from '../../adapters/exec/node-processes.js';
import { NodeFiles } from '../../adapters/files/node-files.js';
import { openPkcs12 } from '../../adapters/forge/pkcs12.js';
import { FileIdentityStore } from '../../adapters/identity/identity-store.js';
import { OstreeTree } from '../../adapters/ostree/ostree-tree.js';
import { CommandPower } from '../../adapters/power/command-power.js';
import { openStateStore, type SqliteStateStore } from '../../adapters/sqlite/state-store.js';
import { FileStatusPublisher } from '../../adapters/status/status-publisher.js';
import { SystemClock } from '../../adapters/system/system-clock.js';
import { SystemRandom } from '../../adapters/system/system-random.js';
import { createNotifier } from '../../adapters/systemd/systemd-notifier.js';
import { FileTrustStore } from '../../adapters/trust/trust-store.js';
import { detectBootloader } from '../../adapters/uboot/detect-bootloader.js';
import type { ProductLogger } from '../../adapters/winston/create-logger.js';
import type { Configuration } from '../../domain/configuration/configuration.js';
import type { StateStore } from '../../ports/journal.js';
import { sotadVersion } from '../build-facts.js';

/** What exists before the configuration is known. */
export interface Basics {
  readonly files: NodeFiles;
  readonly processes: NodeProcesses;
  readonly credentials: SharedCredentialReader;
  readonly clock: SystemClock;
}

export function makeBasics(): Basics {
  const files = new NodeFiles();
  return {
    files,
    processes: new NodeProcesses(),
    credentials: new SharedCredentialReader(files, openPkcs12),
    clock: new SystemClock(),
  };
}

/**
 * Opens `state-1.db` and `trust/`, and lets the epochs decide whether the former may speak of a pending update
 * (design rule 15).
 * @param decorate for tests that need to stand between the product and its journal.
 */
export async function openState(
  { storage }: Configuration,
  logger: ProductLogger,
  decorate: (state: StateStore) => StateStore,
): Promise<{ readonly state: StateStore; readonly trust: FileTrustStore }> {
  const store: SqliteStateStore = openStateStore({ path: join(storage.path, 'state-1.db') });
  try {
    return await openTrust(store, storage.path, logger, decorate);
  } catch (error) {
    store.close();
    throw error;
  }
}

async function openTrust(
  store: SqliteStateStore,
  folder: string,
  logger: ProductLogger,
  decorate: (state: StateStore) => StateStore,
): Promise<{ readonly state: StateStore; readonly trust: FileTrustStore }> {
  for (const { code, message } of store.warnings) logger.warning(message, { code });
  const trust = new FileTrustStore({ folder: join(folder, 'trust'), logger });
  const claimed = store.claimEpoch(await trust.stateEpoch());
  if (claimed.isDiscarded)
    logger.warning('the state is older than the trust folder: pending update and reports are dropped');
  await trust.keepStateEpoch(claimed.epoch);
  return { state: decorate(store), trust };
}

/** What marks the children of a sotad: one storage folder has one sotad. */
export function childrenOwner({ storage }: Configuration): string {
  return storage.path;
}

/** Everything of the outside that the agent works with. */
export function makeWorld(basics: Basics, configuration: Configuration, logger: ProductLogger) {
  const { files, clock } = basics;
  const { storage, paths, packageManager, uptane, bootloader, network } = configuration;
  const configured = { auto: null, uboot: 'uEnv', entries: 'entries' } as const;
  const sysroot = packageManager.sysrootPath;
  const processes = new NodeProcesses({ owner: childrenOwner(configuration) });
  return {
    ...basics,
    processes,
    random: new SystemRandom(),
    cryptography: new NodeCryptography(),
    identity: new FileIdentityStore({
      folder: join(storage.path, 'identity'),
      copyFolder: join(storage.path, 'identity.copy'),
      files,
      keys: { generate: generateKeyPair, load: signingKeyFromPem },
      logger,
    }),
    httpFactory: new CurlHttpFactory({
      version: sotadVersion,
      allowHttp: network.allowHttp,
      ...(network.proxy === null ? {} : { proxy: network.proxy }),
    }),
    images: new BinaryImageFolder(packageManager.imagesPath, files),
    power: new CommandPower({
      rebootCommand: bootloader.rebootCommand,
      updateLockFile: uptane.updateLockFile,
      processes,
      logger,
      processId: process.pid,
    }),
    system:
      packageManager.type === 'none'
        ? null
        : {
            tree: new OstreeTree({
              sysroot,
              rootFolder: paths.root,
              procFolder: paths.proc,
              osName: packageManager.osName,
              runtimeFolder: paths.runtime,
              stallTimeoutSeconds: packageManager.stallTimeoutSeconds,
              processes,
              files,
              logger,
            }),
            bootloader: () => detectBootloader({ sysroot, files, logger, configured: configured[bootloader.board] }),
          },
    deviceFacts: new DeviceInformation(files, processes, { packagesFile: packageManager.packagesFile }),
    notifier: createNotifier({ environment: process.env, processId: process.pid, processes, clock, logger }),
    publisher: new FileStatusPublisher({
      files,
      path: join(paths.runtime, 'status.json'),
      copyPath: join(storage.path, 'status.json'),
    }),
  };
}

export type World = ReturnType<typeof makeWorld>;
