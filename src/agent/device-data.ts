import type { DeviceFacts } from '../ports/device-facts.js';
import type { Http, HttpReply } from '../ports/http.js';
import type { StateStore } from '../ports/journal.js';
import type { Logger } from '../ports/logger.js';
import { asSotaError } from './failure.js';
import { isSuccess } from './server-reply.js';

export interface DeviceDataParts {
  readonly facts: DeviceFacts;
  readonly state: StateStore;
  readonly logger: Logger;
  readonly gatewayUrl: string;
  readonly reportNetwork: boolean;
  /** The effective configuration as TOML, without secrets; null when it isn't reported. */
  readonly configuration: string | null;
  /** Lower-case hex SHA-256. */
  readonly digest: (text: string) => string;
}

interface Item {
  readonly name: string;
  readonly method: 'PUT' | 'POST';
  readonly path: string;
  readonly contentType: string;
  readonly body: () => Promise<string | null>;
}

const mostReplyBytes = 64 * 1024;
const deadlineSeconds = 30;

/** What the device tells about itself (aktualizr.md 3.5): each item when it changed since the server last took it. */
export class DeviceData {
  private readonly parts: DeviceDataParts;
  /** The hardware doesn't change while we run; lshw is slow. */
  private hardware: Promise<string | null> | null = null;

  constructor(parts: DeviceDataParts) {
    this.parts = parts;
  }

  /** Never throws: device data never disturb an update. */
  async send(http: Http): Promise<void> {
    for (const item of this.items()) {
      try {
        await this.sendItem(http, item);
      } catch (error) {
        const { code, message } = asSotaError(error);
        this.parts.logger.debug(`${item.path}: ${message}`, { code });
      }
    }
  }

  private items(): readonly Item[] {
    const { facts, reportNetwork, configuration } = this.parts;
    const json = 'application/json';
    return [
      {
        name: 'hardware',
        method: 'PUT',
        path: '/system_info',
        contentType: json,
        body: () => (this.hardware ??= facts.hardware()),
      },
      {
        name: 'packages',
        method: 'PUT',
        path: '/core/installed',
        contentType: json,
        body: async () => JSON.stringify(await facts.packages()),
      },
      {
        name: 'network',
        method: 'PUT',
        path: '/system_info/network',
        contentType: json,
        body: () => (reportNetwork ? this.network() : Promise.resolve(null)),
      },
      {
        name: 'configuration',
        method: 'POST',
        path: '/system_info/config',
        contentType: 'application/toml',
        body: () => Promise.resolve(configuration),
      },
    ];
  }

  private async network(): Promise<string | null> {
    const network = await this.parts.facts.network();
    if (network === null) return null;
    return JSON.stringify({ hostname: network.hostname, local_ipv4: network.localIpv4, mac: network.mac });
  }

  private async sendItem(http: Http, item: Item): Promise<void> {
    const { state, logger, gatewayUrl, digest } = this.parts;
    const body = await item.body();
    if (body === null) return;
    const valueName = `deviceData.${item.name}`;
    const hash = digest(body);
    if (state.values.get(valueName) === hash) return;
    const reply: HttpReply = await http.request({
      method: item.method,
      url: `${gatewayUrl}${item.path}`,
      body,
      contentType: item.contentType,
      maximumBytes: mostReplyBytes,
      deadlineSeconds,
    });
    // A server without the route won't get one by being asked each poll (backend.md 0.4).
    if (isSuccess(reply) || reply.status === 404) state.values.set(valueName, hash);
    else logger.debug(`${item.path}: the server answered ${reply.status}`);
  }
}
