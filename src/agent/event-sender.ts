import type { Http } from '../ports/http.js';
import type { StateStore } from '../ports/journal.js';
import type { Logger } from '../ports/logger.js';
import { asSotaError } from './failure.js';
import { isSuccess } from './server-reply.js';

const largestBatch = 100;
const mostReplyBytes = 64 * 1024;
const deadlineSeconds = 30;

/**
 * Sends the queued events (aktualizr.md 3.4). Servers of this family may not have the route at all, so a failure costs
 * nothing but a line in the log (backend.md 0.4).
 */
export class EventSender {
  private readonly state: StateStore;
  private readonly url: string;
  private readonly logger: Logger;

  constructor(parts: { readonly state: StateStore; readonly gatewayUrl: string; readonly logger: Logger }) {
    this.state = parts.state;
    this.url = `${parts.gatewayUrl}/events`;
    this.logger = parts.logger;
  }

  /** One batch after the other until the queue is empty or the server does not take one. Never throws. */
  async flush(http: Http): Promise<void> {
    let size = largestBatch;
    try {
      for (;;) {
        const batch = this.state.reports.list('event', size);
        if (batch.length === 0) return;
        const reply = await http.request({
          method: 'POST',
          url: this.url,
          body: `[${batch.map(({ body }) => body).join(',')}]`,
          contentType: 'application/json',
          maximumBytes: mostReplyBytes,
          deadlineSeconds,
        });
        if (reply.status === 413 && batch.length > 1) {
          size = Math.floor(batch.length / 2);
          continue;
        }
        // 404: the server has no such route; a single event that is too large never gets smaller.
        if (!isSuccess(reply) && reply.status !== 404 && reply.status !== 413) {
          this.logger.debug(`events: the server answered ${reply.status}; kept for later`);
          return;
        }
        this.state.reports.remove(batch.map(({ id }) => id));
      }
    } catch (error) {
      const { code, message } = asSotaError(error);
      this.logger.debug(`events: ${message}; kept for later`, { code });
    }
  }
}
