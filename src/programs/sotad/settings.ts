import type { Configuration } from '../../domain/configuration/configuration.js';
import type { ProvisioningSettings } from '../../agent/provisioning-settings.js';
import type { UpdateSettings } from '../../agent/update-context.js';

const dayMilliseconds = 24 * 60 * 60 * 1000;

/** What provisioning needs of the configuration. */
export function provisioningSettings(
  { provision, uptane, import: imported }: Configuration,
  isDegraded: boolean,
): ProvisioningSettings {
  return {
    mode: provision.mode,
    archivePath: provision.archivePath,
    archivePassword: provision.archivePassword,
    expiryDays: provision.expiryDays,
    deviceId: provision.deviceId,
    primaryEcuSerial: provision.primaryEcuSerial,
    hardwareId: provision.primaryEcuHardwareId,
    keyType: uptane.keyType,
    provisioningServer: provision.server,
    ecuRegistrationEndpoint: provision.ecuRegistrationEndpoint,
    directorServer: uptane.directorServer,
    imageRepositoryServer: uptane.imageRepositoryServer,
    importFolder: imported.basePath,
    rootsFolder: uptane.rootsPath,
    firstUse: uptane.firstUse,
    isDegraded,
  };
}

/** What the effects of an update need of the configuration. */
export function updateSettings({ packageManager, uptane }: Configuration, isDegraded: boolean): UpdateSettings {
  return {
    packageManager: packageManager.type,
    repositoryUrl: uptane.imageRepositoryServer ?? '',
    forceInstallCompletion: uptane.forceInstallCompletion,
    attemptDeadlineMilliseconds: uptane.attemptDeadlineDays * dayMilliseconds,
    isDegraded,
  };
}
