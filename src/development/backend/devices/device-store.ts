// For development only: never part of what runs on a device.
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { BackendError } from '../backend-error.js';
import { isMissingFile } from '../storage/file-errors.js';
import { AppendLog } from '../storage/append-log.js';
import { readState, writeState } from '../storage/durable-files.js';
import type { DeviceRecord } from './device-record.js';

/** One accepted manifest. */
export interface StoredManifest {
  readonly number: number;
  readonly receivedAt: string;
  readonly manifest: unknown;
  /** What it did to assignments, in words of the table of backend.md 1.7. */
  readonly effect: string;
}

export interface StoredEvent {
  readonly receivedAt: string;
  readonly event: unknown;
}

/** The newest of each kind of device data. */
export type DeviceData = Record<string, { receivedAt: string; body: unknown }>;

/** All devices, in memory and in `<state>/devices/<uuid>/`. */
export class DeviceStore {
  private readonly devices = new Map<string, DeviceRecord>();
  private readonly manifests = new Map<string, AppendLog<StoredManifest>>();
  private readonly events = new Map<string, AppendLog<StoredEvent>>();

  constructor(private readonly folder: string) {
    for (const uuid of this.namesOnDisk()) {
      const device = readState(join(folder, uuid, 'device.json')) as DeviceRecord | null;
      if (device !== null) {
        this.devices.set(uuid, device);
      }
    }
  }

  list(): readonly DeviceRecord[] {
    return [...this.devices.values()];
  }

  /** By UUID, or by the name that the device gave itself. */
  find(identifier: string): DeviceRecord | null {
    return this.devices.get(identifier) ?? this.list().find((one) => one.deviceId === identifier) ?? null;
  }

  require(identifier: string): DeviceRecord {
    const device = this.find(identifier);
    if (device === null) {
      throw new BackendError(404, 'missing_entity', `no device ${JSON.stringify(identifier)}`);
    }
    return device;
  }

  save(device: DeviceRecord): void {
    this.devices.set(device.uuid, device);
    writeState(join(this.folder, device.uuid, 'device.json'), device);
  }

  forget(device: DeviceRecord): void {
    this.devices.delete(device.uuid);
    this.manifests.delete(device.uuid);
    this.events.delete(device.uuid);
    rmSync(join(this.folder, device.uuid), { recursive: true, force: true });
  }

  /** The newest 200, oldest first. */
  manifestsOf(uuid: string): AppendLog<StoredManifest> {
    return logOf(this.manifests, uuid, () => new AppendLog(join(this.folder, uuid, 'manifests.ndjson'), 200));
  }

  /** The newest 1 000, oldest first. */
  eventsOf(uuid: string): AppendLog<StoredEvent> {
    return logOf(this.events, uuid, () => new AppendLog(join(this.folder, uuid, 'events.ndjson'), 1_000));
  }

  dataOf(uuid: string): DeviceData {
    return (readState(join(this.folder, uuid, 'data.json')) as DeviceData | null) ?? {};
  }

  keepData(uuid: string, kind: string, body: unknown, receivedAt: string): void {
    writeState(join(this.folder, uuid, 'data.json'), { ...this.dataOf(uuid), [kind]: { receivedAt, body } });
  }

  private namesOnDisk(): string[] {
    try {
      return readdirSync(this.folder);
    } catch (error) {
      if (isMissingFile(error)) {
        return [];
      }
      throw error;
    }
  }
}

function logOf<Entry>(
  logs: Map<string, AppendLog<Entry>>,
  uuid: string,
  open: () => AppendLog<Entry>,
): AppendLog<Entry> {
  const log = logs.get(uuid) ?? open();
  logs.set(uuid, log);
  return log;
}
