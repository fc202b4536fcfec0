// For development only: never part of what runs on a device.
import { randomUUID } from 'node:crypto';
import { BackendError } from '../backend-error.js';
import { alterationKey, type Alteration } from '../metadata/alteration.js';
import type { PublishedTarget } from '../metadata/image-repository.js';
import type { PlainObject } from '../metadata/canonical.js';
import { needsRenewal, otherHash, signChain, type RoleChain } from '../metadata/role-chain.js';
import { formatTime } from '../metadata/role-document.js';
import { RootKeeper } from '../metadata/root-keeper.js';
import type { BackendSettings, RoleName } from '../settings.js';
import {
  close,
  isOpen,
  openAssignments,
  type Assignment,
  type DeviceRecord,
  type EcuRecord,
  type KeptRole,
} from './device-record.js';
import type { DeviceStore } from './device-store.js';

/** The director: who shall install what, and each device's signed targets. */
export class Director {
  readonly keeper: RootKeeper;

  constructor(
    private readonly settings: BackendSettings,
    private readonly devices: DeviceStore,
  ) {
    this.keeper = new RootKeeper('director', settings);
  }

  /**
   * The current file of a role for one device. Reading the targets makes them anew when they are outdated, puts
   * what they hold in flight, and starts or ends an alteration (backend.md 1.6).
   */
  role(device: DeviceRecord, role: Exclude<RoleName, 'root'>, alteration: () => Alteration | null): Buffer {
    const { metadata } = device;
    const wanted = role === 'targets' ? alteration() : null;
    const changed = role === 'targets' && alterationKey(wanted) !== metadata.alteration;
    const chain = restoreChain(device);
    if (chain === null || metadata.isOutdated || changed) {
      // Snapshot and timestamp are never the first that a client reads; they keep the fault of the targets.
      this.sign(device, role === 'targets' ? wanted : parseAlteration(metadata.alteration));
    } else if (metadata.alteration === '' && needsRenewal(this.keeper, chain, this.settings.now())) {
      this.sign(device, null);
    }
    if (role === 'targets') {
      this.markInFlight(device);
    }
    const kept = metadata.chain?.[role];
    if (kept === undefined) {
      throw new Error(`no ${role} for ${device.uuid}`);
    }
    return Buffer.from(kept.bytes);
  }

  /** A next root; every device gets new lists, whose signatures fit it. */
  rotateRoot(roles: readonly RoleName[]): number {
    const root = this.keeper.rotate(roles);
    this.signAnew();
    return root.version;
  }

  /** Renews the root where that is due. */
  settleRoot(wantsExpired: boolean): void {
    if (this.keeper.settle(wantsExpired)) {
      this.signAnew();
    }
  }

  /** @returns the new assignments, all with one correlation id. */
  assign(device: DeviceRecord, target: PublishedTarget, onlyEcu: string | null): readonly Assignment[] {
    const ecus = this.eligible(device, target, onlyEcu);
    const correlationId = `urn:here-ota:mtu:${randomUUID()}`;
    const assignments = ecus.map((ecu): Assignment => ({
      id: randomUUID(),
      correlationId,
      ecu: ecu.serial,
      hardwareId: ecu.hardwareId,
      target: target.filename,
      sha256: target.sha256,
      length: target.length,
      createdAt: formatTime(this.settings.now()),
      state: 'assigned',
      inFlightAt: null,
      closedAt: null,
      resultCode: null,
      resultText: null,
    }));
    device.assignments.push(...assignments);
    device.metadata.isOutdated = true;
    this.devices.save(device);
    return assignments;
  }

  /** Takes all open assignments back; those in flight only when forced (backend.md 1.8). */
  cancel(device: DeviceRecord, force: boolean): readonly Assignment[] {
    const open = openAssignments(device);
    if (open.length === 0) {
      throw new BackendError(404, 'no_open_assignment', `the device ${device.uuid} has no open assignment`);
    }
    if (!force && open.some((one) => one.state === 'inFlight')) {
      throw new BackendError(409, 'assignment_in_flight', 'the device has seen the assignment already; use force');
    }
    const time = formatTime(this.settings.now());
    open.forEach((one) => close(one, 'cancelled', { code: 'Cancelled', text: 'cancelled by the operator', time }));
    device.metadata.isOutdated = true;
    this.devices.save(device);
    return open;
  }

  private eligible(device: DeviceRecord, target: PublishedTarget, onlyEcu: string | null): readonly EcuRecord[] {
    const refuse = (code: string, reason: string): never => {
      throw new BackendError(409, code, reason);
    };
    if (device.registeredAt === null) {
      refuse('device_not_registered', 'the device has not registered its ECUs yet');
    }
    const candidates = device.ecus.filter((ecu) => onlyEcu === null || ecu.serial === onlyEcu);
    if (candidates.length === 0) {
      refuse('missing_ecu', `the device has no ECU ${JSON.stringify(onlyEcu)}`);
    }
    const fitting = candidates.filter((ecu) => target.hardwareIds.includes(ecu.hardwareId));
    if (fitting.length === 0) {
      refuse('device_no_compatible_hardware', `no ECU has a hardware id of ${target.hardwareIds.join(', ')}`);
    }
    const open = openAssignments(device);
    const free = fitting.filter((ecu) => !open.some((one) => one.ecu === ecu.serial));
    if (free.length === 0) {
      refuse('not_affected_running_assignment', 'the ECU has an open assignment already');
    }
    const other = free.filter(
      (ecu) => ecu.installed?.filepath !== target.filename || ecu.installed.sha256 !== target.sha256,
    );
    return other.length === 0 ? refuse('installed_target_is_update', 'the ECU reports this target already') : other;
  }

  /** Every device gets lists that say what they said and fit the newest root. */
  private signAnew(): void {
    for (const device of this.devices.list()) {
      device.metadata.chain = null;
      this.devices.save(device);
    }
  }

  private markInFlight(device: DeviceRecord): void {
    const seen = device.assignments.filter(
      (one) => one.state === 'assigned' && device.metadata.assignmentIds.includes(one.id),
    );
    for (const assignment of seen) {
      assignment.state = 'inFlight';
      assignment.inFlightAt = formatTime(this.settings.now());
    }
    if (seen.length > 0) {
      this.devices.save(device);
    }
  }

  private sign(device: DeviceRecord, alteration: Alteration | null): void {
    const { metadata } = device;
    // A renewal or a fault says again what was said; only an event of an assignment changes the list.
    const assignments = metadata.isOutdated
      ? openAssignments(device)
      : device.assignments.filter((one) => isOpen(one) || metadata.assignmentIds.includes(one.id));
    const first = assignments[0];
    const chain = signChain(
      this.keeper,
      metadata.versions,
      {
        targets: directorTargets(assignments, alteration),
        ...(first === undefined ? {} : { custom: { correlationId: first.correlationId } }),
      },
      alteration,
    );
    const keep = (role: 'targets' | 'snapshot' | 'timestamp'): KeptRole => ({
      bytes: chain[role].bytes.toString('utf8'),
      expiresAt: chain[role].expiresAt,
    });
    metadata.versions = {
      targets: chain.targets.version,
      snapshot: chain.snapshot.version,
      timestamp: chain.timestamp.version,
    };
    metadata.chain = { targets: keep('targets'), snapshot: keep('snapshot'), timestamp: keep('timestamp') };
    metadata.alteration = alterationKey(alteration);
    metadata.assignmentIds = assignments.map((one) => one.id);
    metadata.isOutdated = false;
    this.devices.save(device);
  }
}

/** Assignments of one target are merged (backend.md 1.6). */
function directorTargets(assignments: readonly Assignment[], alteration: Alteration | null): PlainObject {
  const targets: Record<string, PlainObject> = {};
  const field = alteration?.kind === 'disagree' ? alteration.field : null;
  for (const name of new Set(assignments.map((one) => one.target))) {
    const merged = assignments.filter((one) => one.target === name);
    const first = merged[0];
    if (first === undefined) {
      continue;
    }
    const identifiers: Record<string, PlainObject> = {};
    for (const one of merged) {
      const serial = alteration?.kind === 'foreignEcu' ? `other-${one.ecu}` : one.ecu;
      const isForeign = alteration?.kind === 'foreignHardware';
      identifiers[serial] = { hardwareId: isForeign ? `other-${one.hardwareId}` : one.hardwareId };
    }
    targets[name] = {
      custom: { ecuIdentifiers: identifiers },
      hashes: { sha256: field === 'hash' ? otherHash(first.sha256) : first.sha256 },
      length: field === 'length' ? first.length + 1 : first.length,
    };
  }
  return targets;
}

function restoreChain(device: DeviceRecord): RoleChain | null {
  const { chain, versions } = device.metadata;
  if (chain === null) {
    return null;
  }
  const restore = (role: 'targets' | 'snapshot' | 'timestamp') => ({
    version: versions[role],
    expiresAt: chain[role].expiresAt,
    bytes: Buffer.from(chain[role].bytes),
  });
  return { targets: restore('targets'), snapshot: restore('snapshot'), timestamp: restore('timestamp') };
}

function parseAlteration(key: string): Alteration | null {
  return key === '' ? null : (JSON.parse(key) as Alteration);
}
