/**
 * Drives the pure refresh of `domain/uptane` with HTTP and the trust store. It adds no judgement of its own: bytes in,
 * verdict out.
 */
import { SotaError } from '../domain/errors/sota-error.js';
import type { Assignment } from '../domain/uptane/assignment.js';
import type { Cryptography } from '../domain/uptane/cryptography.js';
import type { ImageTarget } from '../domain/uptane/image-targets.js';
import { defaultMetadataLimits } from '../domain/uptane/limits.js';
import { otaProfile } from '../domain/uptane/profile.js';
import { refreshDirector } from '../domain/uptane/refresh-director.js';
import { refreshImageRepository } from '../domain/uptane/refresh-image-repository.js';
import type { RefreshInput, RefreshReply, RefreshRequest, Refreshing } from '../domain/uptane/refresh-machine.js';
import type { Rejection } from '../domain/uptane/rejection.js';
import type { RepositoryName } from '../domain/uptane/trusted-metadata.js';
import type { Http } from '../ports/http.js';
import type { PrivilegedActions } from '../ports/privileged-actions.js';
import { isSuccess, statusError } from './server-reply.js';
import type { TimeKeeper } from './time-keeper.js';

/** The total time that one metadata file may take (uptane.md 5). */
const deadlineSeconds = 30;

/** A refusal as an error: what verification said, with where. */
export function rejectionError({ code, repository, role, reason }: Rejection): SotaError {
  return new SotaError(code, { message: `${repository} repository, ${role}: ${reason}` });
}

export interface MetadataSessionParts {
  readonly privileged: PrivilegedActions;
  readonly cryptography: Cryptography;
  readonly time: TimeKeeper;
  /** Base URLs, without a slash at the end. */
  readonly urls: Readonly<Record<RepositoryName, string>>;
}

export class MetadataSession {
  private readonly parts: MetadataSessionParts;

  constructor(parts: MetadataSessionParts) {
    this.parts = parts;
  }

  /** @throws SotaError with the code of the refusal, or the network's. */
  async director(http: Http): Promise<Assignment> {
    const verdict = await this.drive(refreshDirector(await this.input('director')), http);
    if (verdict.kind === 'rejected') throw rejectionError(verdict.rejection);
    return verdict.assignment;
  }

  /** The image repository's word on the targets of an assignment. @throws like `director`. */
  async image(http: Http, assignment: Assignment): Promise<ReadonlyMap<string, ImageTarget>> {
    const verdict = await this.drive(refreshImageRepository(await this.input('image'), assignment), http);
    if (verdict.kind === 'rejected') throw rejectionError(verdict.rejection);
    return verdict.targets;
  }

  private async input(repository: RepositoryName): Promise<RefreshInput> {
    const trusted = await this.parts.privileged.trustedState();
    return {
      trusted: trusted[repository],
      profile: otaProfile,
      cryptography: this.parts.cryptography,
      trustedNowMilliseconds: this.parts.time.now(),
      limits: defaultMetadataLimits,
    };
  }

  private async drive<Verdict>(machine: Refreshing<Verdict>, http: Http): Promise<Verdict> {
    let step = machine.next();
    while (step.done !== true) step = machine.next(await this.answer(step.value, http));
    return step.value;
  }

  private async answer(request: RefreshRequest, http: Http): Promise<RefreshReply> {
    if (request.kind === 'store') {
      await this.parts.privileged.commitTrust({ appendRoots: request.roots, files: request.files });
      return { kind: 'stored' };
    }
    const url = `${this.parts.urls[request.repository]}/${request.path}`;
    const reply = await http.request({ method: 'GET', url, maximumBytes: request.maximumBytes, deadlineSeconds });
    if (isSuccess(reply)) {
      await this.parts.time.observe(reply.headers.get('date'));
      return { kind: 'received', bytes: reply.body };
    }
    if (reply.status === 403 || reply.status === 404) return { kind: 'absent' };
    throw statusError(`GET ${url}`, reply);
  }
}
