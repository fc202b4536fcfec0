// For development only: never part of what runs on a device.
import type { Alteration } from '../metadata/alteration.js';
import type { RepositoryName } from '../settings.js';

/** A fault: which requests it meets, and what happens to them (backend.md 4.4). */
export interface FaultRule {
  readonly id: string;
  readonly match: FaultMatch;
  readonly action: FaultAction;
}

export interface FaultMatch {
  readonly method?: string | undefined;
  /** A regular expression on the path. */
  readonly path?: string | undefined;
  /** UUID of the device. */
  readonly device?: string | undefined;
  /** Only the nth matching request, counted from 1. */
  readonly nth?: number | undefined;
  /** Only so many times; then the rule sleeps. */
  readonly times?: number | undefined;
}

/** What happens to an exchange. Offsets count from the start of the whole file, also under Range. */
export type ExchangeAction =
  | { readonly kind: 'latency'; readonly milliseconds: number }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterSeconds?: number | undefined }
  /** An error page of nginx. */
  | { readonly kind: 'html'; readonly status: number }
  | { readonly kind: 'missing' }
  | { readonly kind: 'redirect'; readonly status: number; readonly location: string }
  /** The connection is reset before any answer. */
  | { readonly kind: 'drop' }
  /** What was asked is done, then the connection is reset without an answer. */
  | { readonly kind: 'loseReply' }
  /** Accepted, never answered. */
  | { readonly kind: 'hang' }
  /** Nothing more from this byte on: for ever, or for a while. */
  | { readonly kind: 'stall'; readonly atByte: number; readonly seconds?: number | undefined }
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number }
  /** The byte there is another; the length stays. */
  | { readonly kind: 'wrongBytes'; readonly atByte: number }
  /** The connection ends there; the declared length stays. */
  | { readonly kind: 'truncate'; readonly atByte: number }
  /** Ranges are ignored: 200 with everything. */
  | { readonly kind: 'noRange' }
  /** The answer is filled up with spaces to this length. */
  | { readonly kind: 'oversize'; readonly bytes: number }
  /** An answer without end. */
  | { readonly kind: 'endless' }
  /** 200 with a page of a captive portal. */
  | { readonly kind: 'notJson' }
  /** As if our authority had not signed the client's certificate. */
  | { readonly kind: 'clientRefused' };

/** What happens to a connection: the server shows a certificate of an authority of the same name and another key. */
export interface ConnectionAction {
  readonly kind: 'foreignCertificate';
}

/**
 * What happens to signed metadata. It begins and ends where a client begins: at the director's targets, at the image
 * repository's timestamp, for a root at any request of a root (there neither `nth` nor `times` count).
 */
export type MetadataAction = Alteration & { readonly repository: RepositoryName };

export type FaultAction = ExchangeAction | ConnectionAction | MetadataAction;
