// For development only: never part of what runs on a device.
import { spawn, type ChildProcess } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { OperatorClient } from '../backend/commands/operator-client.js';
import type { BackendAddress } from '../backend/serve.js';

/** What the laboratory reads of a device's record (`devices DEVICE --json` shows it whole). */
export interface DeviceRecord {
  readonly uuid: string;
  readonly deviceId: string;
  readonly registered: boolean;
  readonly openAssignments: number;
  readonly manifestNumber: number;
  readonly ecus: readonly {
    readonly serial: string;
    readonly installed: { readonly filepath: string; readonly sha256: string } | null;
  }[];
  readonly assignments: readonly {
    readonly correlationId: string;
    readonly target: string;
    readonly state: string;
    readonly resultText?: string;
  }[];
  readonly installationReports: readonly unknown[];
  readonly events: readonly unknown[];
}

/** The development backend as a process of its own, with its operator's API. */
export class BackendProcess {
  readonly log: string[] = [];
  private process: ChildProcess | null = null;
  private where: BackendAddress | null = null;

  /** @param program `main.js` of the backend. */
  constructor(
    private readonly program: string,
    private readonly folder: string,
    private readonly more: readonly string[] = [],
  ) {}

  get address(): BackendAddress {
    if (this.where === null) throw new Error('the backend was not started');
    return this.where;
  }

  /** Resolves when it answers. @throws Error with its log when it ends before. */
  async start(): Promise<void> {
    const ports = ['--port', '0', '--operator-port', '0'];
    const words = [this.program, '--state', this.folder, 'serve', ...ports, ...this.more];
    const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.process = child;
    createInterface({ input: child.stderr }).on('line', (line) => this.log.push(line));
    const lines = createInterface({ input: child.stdout });
    this.where = await new Promise<BackendAddress>((resolve, reject) => {
      lines.once('line', (line) => resolve(JSON.parse(line) as BackendAddress));
      child.once('exit', () => reject(new Error(`the backend ended: ${this.log.join('\n')}`)));
      child.once('error', reject);
    });
  }

  async stop(): Promise<void> {
    const child = this.process;
    this.process = null;
    if (child?.exitCode !== null) return;
    const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    await gone;
  }

  async devices(): Promise<readonly { readonly uuid: string; readonly registered: boolean }[]> {
    return (await this.call('GET', '/devices')) as readonly { uuid: string; registered: boolean }[];
  }

  async device(uuid: string): Promise<DeviceRecord> {
    return (await this.call('GET', `/devices/${uuid}`)) as DeviceRecord;
  }

  /** @returns the name of the target. */
  async publishTree(repository: string, ref: string, hardwareId: string): Promise<string> {
    const order = { repository, ref, name: hardwareId, hardwareIds: [hardwareId] };
    return ((await this.call('POST', '/targets/ostree', order)) as { filename: string }).filename;
  }

  /** @returns the name of the target. */
  async publishFile(path: string, name: string, hardwareId: string): Promise<string> {
    const query = new URLSearchParams({ filename: name, name, version: '1', hardwareId });
    const client = new OperatorClient(this.address.operator);
    const made = await client.upload(`/targets/binary?${query.toString()}`, createReadStream(path));
    return (made as { filename: string }).filename;
  }

  /** @returns the correlation id. */
  async assign(uuid: string, target: string): Promise<string> {
    const made = await this.call('POST', `/devices/${uuid}/assignments`, { target });
    const [first] = made as readonly { correlationId: string }[];
    if (first === undefined) throw new Error(`${target} was assigned to no ECU: ${JSON.stringify(made)}`);
    return first.correlationId;
  }

  /** Takes all open assignments back, also those that the device has seen. */
  async cancel(uuid: string): Promise<void> {
    await this.call('DELETE', `/devices/${uuid}/assignments?force=true`);
  }

  async addFault(fault: Readonly<Record<string, unknown>>): Promise<void> {
    await this.call('POST', '/faults', fault);
  }

  async clearFaults(): Promise<void> {
    await this.call('DELETE', '/faults');
  }

  async call(method: string, path: string, body?: unknown): Promise<unknown> {
    return new OperatorClient(this.address.operator).call(method, path, body);
  }
}
