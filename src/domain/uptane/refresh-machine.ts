/**
 * The refresh as a pure machine: a generator that asks for a file and is handed its bytes, so that agent, command
 * line, secondaries and tests run the very same one. A fetch that fails never comes back into the machine: its driver
 * ends it and throws the network's error. Unlike in the ancestor nothing but a missing root N+1 ends the root chain.
 */
import type { Rejection, Role } from './rejection.js';
import { reject } from './rejection.js';
import type { VerificationContext } from './signed-metadata.js';
import type { AppendedRoot, KeptFile, RepositoryName, TrustedRepository } from './trusted-metadata.js';

export interface FetchRequest {
  readonly kind: 'fetch';
  readonly repository: RepositoryName;
  readonly role: Role;
  /** Relative to the URL of the repository: `2.root.json`, `targets.json`. */
  readonly path: string;
  readonly maximumBytes: number;
}

/** Verified metadata to keep, durably, before the machine goes on. */
export interface StoreRequest {
  readonly kind: 'store';
  readonly roots: readonly AppendedRoot[];
  readonly files: readonly KeptFile[];
}

export type RefreshRequest = FetchRequest | StoreRequest;

export type RefreshReply =
  | { readonly kind: 'received'; readonly bytes: Uint8Array }
  /** The server has no such file (403, 404). */
  | { readonly kind: 'absent' }
  | { readonly kind: 'stored' };

/** What a refresh of one repository starts from. */
export interface RefreshInput extends Omit<VerificationContext, 'repository'> {
  readonly trusted: TrustedRepository;
}

export type Refreshing<Verdict> = Generator<RefreshRequest, Verdict, RefreshReply>;

export interface RejectedVerdict {
  readonly kind: 'rejected';
  readonly rejection: Rejection;
}

/** Asks for a file that may be missing. */
export function* fetchOptional(
  context: VerificationContext,
  role: Role,
  path: string,
  maximumBytes: number,
): Refreshing<Uint8Array | null> {
  const reply = yield { kind: 'fetch', repository: context.repository, role, path, maximumBytes };
  if (reply.kind === 'received') return reply.bytes;
  if (reply.kind === 'absent') return null;
  throw new TypeError(`a fetch was answered with ${reply.kind}`);
}

/** Asks for a file that must be there. */
export function* fetchRequired(
  context: VerificationContext,
  role: Exclude<Role, 'root'>,
  maximumBytes: number,
): Refreshing<Uint8Array> {
  const path = `${role}.json`;
  const bytes = yield* fetchOptional(context, role, path, maximumBytes);
  return bytes ?? reject('METADATA_UNAVAILABLE', context.repository, role, `the server has no ${path}`);
}

/** Has something kept; nothing is asked when there is nothing to keep. */
export function* store(roots: readonly AppendedRoot[], files: readonly KeptFile[]): Refreshing<void> {
  if (roots.length === 0 && files.length === 0) return;
  const reply = yield { kind: 'store', roots, files };
  if (reply.kind !== 'stored') throw new TypeError(`a store was answered with ${reply.kind}`);
}
