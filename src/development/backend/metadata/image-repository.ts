// For development only: never part of what runs on a device.
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BackendError } from '../backend-error.js';
import type { BackendSettings, RoleName } from '../settings.js';
import { readState, syncFolder, writeState } from '../storage/durable-files.js';
import { alterationKey, type Alteration } from './alteration.js';
import type { PlainObject } from './canonical.js';
import { needsRenewal, signChain, type RoleChain } from './role-chain.js';
import { formatTime } from './role-document.js';
import { RootKeeper } from './root-keeper.js';

/** A published target (backend.md 2.1). */
export interface PublishedTarget {
  readonly filename: string;
  readonly sha256: string;
  readonly length: number;
  readonly name: string;
  readonly version: string;
  readonly hardwareIds: readonly string[];
  readonly targetFormat: 'OSTREE' | 'BINARY';
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface TargetDescription {
  readonly filename: string;
  readonly name: string;
  readonly version: string;
  readonly hardwareIds: readonly string[];
}

interface KeptRepository {
  targets: Record<string, PublishedTarget>;
  versions: { targets: number; snapshot: number; timestamp: number };
  chain: {
    targets: { bytes: string; expiresAt: number };
    snapshot: { bytes: string; expiresAt: number };
    timestamp: { bytes: string; expiresAt: number };
  } | null;
  alteration: string;
}

/** The image repository: what was published, and its signed lists. */
export class ImageRepository {
  readonly keeper: RootKeeper;
  private readonly kept: KeptRepository;
  private chain: RoleChain;

  constructor(private readonly settings: BackendSettings) {
    this.keeper = new RootKeeper('image', settings);
    mkdirSync(this.blobFolder(), { recursive: true, mode: 0o700 });
    this.kept = (readState(this.statePath()) as KeptRepository | null) ?? {
      targets: {},
      versions: { targets: 0, snapshot: 0, timestamp: 0 },
      chain: null,
      alteration: '',
    };
    this.chain = this.restoreChain() ?? this.sign(null);
  }

  targets(): readonly PublishedTarget[] {
    return Object.values(this.kept.targets);
  }

  target(filename: string): PublishedTarget | null {
    return Object.hasOwn(this.kept.targets, filename) ? (this.kept.targets[filename] ?? null) : null;
  }

  /**
   * The current file of a role. Reading the timestamp, where every client starts, renews what soon expires and
   * starts or ends an alteration; the other lists are served as they fit that timestamp.
   */
  role(role: Exclude<RoleName, 'root'>, alteration: () => Alteration | null): Buffer {
    if (role === 'timestamp') {
      const wanted = alteration();
      const changed = alterationKey(wanted) !== this.kept.alteration;
      if (changed || (wanted === null && needsRenewal(this.keeper, this.chain, this.settings.now()))) {
        this.sign(wanted);
      }
    }
    return this.chain[role].bytes;
  }

  /** Renews the root where that is due; the lists fit it then. */
  settleRoot(wantsExpired: boolean): void {
    if (this.keeper.settle(wantsExpired)) {
      this.sign(null);
    }
  }

  rotateRoot(roles: readonly RoleName[]): number {
    const root = this.keeper.rotate(roles);
    this.sign(null);
    return root.version;
  }

  publishTree(description: TargetDescription, commit: string): PublishedTarget {
    return this.publish(description, { sha256: commit, length: 0, targetFormat: 'OSTREE' });
  }

  /** Takes the content in; it is kept once, under its hash. */
  async publishBinary(description: TargetDescription, content: Readable): Promise<PublishedTarget> {
    checkDescription(description);
    const incoming = join(this.blobFolder(), `incoming-${process.hrtime.bigint()}`);
    const hash = createHash('sha256');
    let length = 0;
    try {
      await pipeline(
        content,
        async function* (chunks: AsyncIterable<Buffer>) {
          for await (const chunk of chunks) {
            hash.update(chunk);
            length += chunk.length;
            yield chunk;
          }
        },
        createWriteStream(incoming, { mode: 0o600, flush: true }),
      );
      if (length === 0) {
        throw new BackendError(400, 'invalid_target', 'a binary target may not be empty');
      }
      const sha256 = hash.digest('hex');
      renameSync(incoming, this.blobPath(sha256));
      syncFolder(this.blobFolder());
      return this.publish(description, { sha256, length, targetFormat: 'BINARY' });
    } finally {
      rmSync(incoming, { force: true });
    }
  }

  /** Path of the content of a binary target, or null. */
  contentPath(target: PublishedTarget): string | null {
    const path = this.blobPath(target.sha256);
    return target.targetFormat === 'BINARY' && existsSync(path) ? path : null;
  }

  private publish(
    description: TargetDescription,
    content: Pick<PublishedTarget, 'sha256' | 'length' | 'targetFormat'>,
  ): PublishedTarget {
    checkDescription(description);
    const time = formatTime(this.settings.now());
    const before = this.target(description.filename);
    const target = { ...description, ...content, createdAt: before?.createdAt ?? time, updatedAt: time };
    this.kept.targets[description.filename] = target;
    this.sign(null);
    return target;
  }

  private sign(alteration: Alteration | null): RoleChain {
    const targets: Record<string, PlainObject> = {};
    for (const target of alteration?.kind === 'unknownTarget' ? [] : this.targets()) {
      const isOther = alteration?.kind === 'disagree' && alteration.field === 'hardwareId';
      const hardwareIds = target.hardwareIds.map((one) => (isOther ? `other-${one}` : one));
      targets[target.filename] = describe({ ...target, hardwareIds });
    }
    const chain = signChain(this.keeper, this.kept.versions, { targets }, alteration);
    this.kept.versions = {
      targets: chain.targets.version,
      snapshot: chain.snapshot.version,
      timestamp: chain.timestamp.version,
    };
    const keep = (role: 'targets' | 'snapshot' | 'timestamp') => ({
      bytes: chain[role].bytes.toString('utf8'),
      expiresAt: chain[role].expiresAt,
    });
    this.kept.chain = { targets: keep('targets'), snapshot: keep('snapshot'), timestamp: keep('timestamp') };
    this.kept.alteration = alterationKey(alteration);
    writeState(this.statePath(), this.kept);
    this.chain = chain;
    return chain;
  }

  private restoreChain(): RoleChain | null {
    const kept = this.kept.chain;
    if (kept === null) {
      return null;
    }
    const restore = (role: 'targets' | 'snapshot' | 'timestamp') => ({
      version: this.kept.versions[role],
      expiresAt: kept[role].expiresAt,
      bytes: Buffer.from(kept[role].bytes),
    });
    return { targets: restore('targets'), snapshot: restore('snapshot'), timestamp: restore('timestamp') };
  }

  private blobFolder(): string {
    return join(this.settings.folder, 'image', 'blobs');
  }

  private blobPath(sha256: string): string {
    return join(this.blobFolder(), sha256);
  }

  private statePath(): string {
    return join(this.settings.folder, 'image', 'repository.json');
  }
}

function describe(target: PublishedTarget): PlainObject {
  return {
    custom: {
      name: target.name,
      version: target.version,
      hardwareIds: [...target.hardwareIds],
      targetFormat: target.targetFormat,
      uri: null,
      createdAt: target.createdAt,
      updatedAt: target.updatedAt,
    },
    hashes: { sha256: target.sha256 },
    length: target.length,
  };
}

function checkDescription(description: TargetDescription): void {
  const { filename, hardwareIds } = description;
  const refuse = (reason: string): never => {
    throw new BackendError(400, 'invalid_target', reason);
  };
  if (filename === '' || filename.length > 253 || filename.split('/').some((part) => part === '' || part === '..')) {
    refuse(`the file name ${JSON.stringify(filename)} must have 1 to 253 characters, no empty part and no ".."`);
  }
  if (hardwareIds.length === 0) {
    refuse('a target needs at least one hardware id');
  }
  if (hardwareIds.some((one) => one === '' || one.length > 200)) {
    refuse('a hardware id must have 1 to 200 characters');
  }
}
