import type { ReplyHead } from './reply-head.js';

/**
 * What a reply to a request for the rest of a file means (RFC 9110, 14 and 15.3.7).
 * `continue`: exactly the rest comes; `whole`: the whole file comes, from its first byte; `restart`: the range was
 * refused or answered wrongly, and the file must be asked for as a whole; `redirect`; `status`: no file at all.
 */
export type RangeReply = 'continue' | 'whole' | 'restart' | 'redirect' | 'status';

const redirects = new Set([301, 302, 303, 307, 308]);

/** @param from the first byte asked for; 0 when the whole file was. */
export function judgeRangeReply({ status, headers }: ReplyHead, from: number, expectedBytes: number): RangeReply {
  if (redirects.has(status)) return headers.has('location') ? 'redirect' : 'status';
  if (status === 200) return 'whole';
  if (from > 0 && status === 416) return 'restart';
  if (status !== 206) return 'status';
  const range = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(headers.get('content-range') ?? '');
  const [, first, last, total] = range ?? [];
  const exact =
    from > 0 &&
    Number(first) === from &&
    Number(last) === expectedBytes - 1 &&
    (total === '*' || Number(total) === expectedBytes);
  return exact ? 'continue' : 'restart';
}
