// For development only: never part of what runs on a device.
import { join } from 'node:path';

/** What a simulated device is told; everything else is the product's default. */
export interface DeviceConfiguration {
  /** All of the device's own folders lie below it. Keep it short: socket paths are limited to 107 bytes. */
  readonly folder: string;
  readonly credentials: string;
  readonly roots: string;
  readonly hardwareId: string;
  readonly packageManager: 'ostree' | 'none';
  readonly osName: string;
  /** The reboot command as one line: words are split at spaces. */
  readonly rebootCommand: string;
  readonly pollSeconds: number;
  readonly stallSeconds: number;
  readonly forceInstallCompletion: boolean;
  /** More TOML lines by section, such as `{ uptane: ['key_type = "RSA2048"'] }`. */
  readonly more: Readonly<Record<string, readonly string[]>>;
}

/** The folders of a simulated device. */
export function deviceFolders(folder: string): {
  readonly machine: string;
  readonly sysroot: string;
  readonly storage: string;
  readonly runtime: string;
  readonly images: string;
  readonly configuration: string;
} {
  return {
    machine: join(folder, 'machine'),
    sysroot: join(folder, 'sysroot'),
    storage: join(folder, 'var'),
    runtime: join(folder, 'run'),
    images: join(folder, 'images'),
    configuration: join(folder, 'sota.toml'),
  };
}

/** `sota.toml` of a simulated device. */
export function printDeviceConfiguration(device: DeviceConfiguration): string {
  const folders = deviceFolders(device.folder);
  const text = (value: string): string => JSON.stringify(value);
  const sections: Record<string, readonly string[]> = {
    provision: [`provision_path = ${text(device.credentials)}`, `primary_ecu_hardware_id = ${text(device.hardwareId)}`],
    uptane: [
      `polling_sec = ${device.pollSeconds}`,
      'polling_first_max_sec = 0',
      `force_install_completion = ${device.forceInstallCompletion}`,
      'key_type = "ED25519"',
      `roots_path = ${text(device.roots)}`,
      `update_lock_file = ${text(join(folders.runtime, 'update.lock'))}`,
    ],
    pacman: [
      `type = ${text(device.packageManager)}`,
      `sysroot = ${text(folders.sysroot)}`,
      `os = ${text(device.osName)}`,
      `images_path = ${text(folders.images)}`,
      `stall_timeout_sec = ${device.stallSeconds}`,
    ],
    storage: [`path = ${text(folders.storage)}`],
    import: [`base_path = ${text(join(folders.storage, 'import'))}`],
    bootloader: [`reboot_command = ${text(device.rebootCommand)}`],
    paths: [
      `root = ${text(join(folders.machine, 'root'))}`,
      `proc = ${text(join(folders.machine, 'proc'))}`,
      `runtime = ${text(folders.runtime)}`,
    ],
    logger: ['form = "text"'],
    control: ['group = ""'],
  };
  const names = new Set([...Object.keys(sections), ...Object.keys(device.more)]);
  return [...names]
    .map((name) => {
      const more = device.more[name] ?? [];
      const replaced = new Set(more.map((line) => line.split('=')[0]?.trim()));
      const lines = (sections[name] ?? []).filter((line) => !replaced.has(line.split('=')[0]?.trim()));
      return `[${name}]\n${[...lines, ...more].join('\n')}\n`;
    })
    .join('\n');
}
