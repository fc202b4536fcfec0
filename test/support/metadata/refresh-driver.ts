/** Drives a refresh machine with files in memory and keeps what it stores, as an agent does with a server. */
import { NodeCryptography } from '../../../src/adapters/crypto/node-cryptography.js';
import { defaultMetadataLimits } from '../../../src/domain/uptane/limits.js';
import { otaProfile } from '../../../src/domain/uptane/profile.js';
import type { RefreshInput, Refreshing, StoreRequest } from '../../../src/domain/uptane/refresh-machine.js';
import type { TrustedRepository } from '../../../src/domain/uptane/trusted-metadata.js';

export const cryptography = new NodeCryptography();
/** 2030-01-01T00:00:00Z. */
export const now = 1_893_456_000_000;

export function refreshInput(trusted: TrustedRepository, changes: Partial<RefreshInput> = {}): RefreshInput {
  return {
    trusted,
    profile: otaProfile,
    cryptography,
    trustedNowMilliseconds: now,
    limits: defaultMetadataLimits,
    ...changes,
  };
}

export interface DrivenRefresh<Verdict> {
  readonly verdict: Verdict;
  readonly fetched: readonly string[];
  readonly stores: readonly StoreRequest[];
  /** What is trusted afterwards. */
  readonly trusted: TrustedRepository;
}

export function drive<Verdict>(
  machine: Refreshing<Verdict>,
  server: ReadonlyMap<string, Uint8Array>,
  before: TrustedRepository,
): DrivenRefresh<Verdict> {
  const fetched: string[] = [];
  const stores: StoreRequest[] = [];
  let trusted = before;
  let step = machine.next();
  while (step.done !== true) {
    const request = step.value;
    if (request.kind === 'store') {
      stores.push(request);
      trusted = applied(trusted, request);
      step = machine.next({ kind: 'stored' });
      continue;
    }
    fetched.push(request.path);
    const bytes = server.get(request.path);
    step = machine.next(bytes === undefined ? { kind: 'absent' } : { kind: 'received', bytes });
  }
  return { verdict: step.value, fetched, stores, trusted };
}

function applied(trusted: TrustedRepository, { roots, files }: StoreRequest): TrustedRepository {
  const changed = Object.fromEntries(files.map((file) => [file.role, file.bytes]));
  return { ...trusted, ...changed, roots: [...trusted.roots, ...roots] };
}
