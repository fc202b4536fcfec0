// For development only: never part of what runs on a device.
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { openBackend, type Backend } from './backend.js';
import { BackendError } from './backend-error.js';
import { createGateway } from './gateway/gateway-server.js';
import { createOperatorServer } from './operator/operator-server.js';
import { writeCredentialsArchive } from './pki/credentials-archive.js';
import type { BackendSettings } from './settings.js';
import { errorCodeOf, textOf } from './storage/file-errors.js';
import { readState, writeState } from './storage/durable-files.js';

/** Where a running backend is found; the file `operator.json` of the state folder. */
export interface BackendAddress {
  readonly gateway: string;
  readonly operator: string;
  readonly credentials: string;
  /** Folder with `director/root.json` and `repo/root.json`. */
  readonly roots: string;
  readonly pid: number;
}

export interface RunningBackend {
  readonly backend: Backend;
  readonly address: BackendAddress;
  /** Ends every connection and frees the ports. */
  stop(): Promise<void>;
}

const loopback = /^(?:127\.[0-9.]+|::1|localhost)$/;

/** Refuses to listen where others could reach it, unless that is wanted in words that show the danger. */
export function requireLoopback(address: string, isInsecureWanted: boolean): void {
  if (!loopback.test(address) && !isInsecureWanted) {
    throw new BackendError(
      400,
      'insecure_address',
      `${address} is no loopback address: anyone who reaches it commands all devices (--i-know-this-is-insecure)`,
    );
  }
}

/** Opens the state and both listeners. */
export async function runBackend(settings: BackendSettings): Promise<RunningBackend> {
  settings.log('for development only: no access control for operators, keys lie unencrypted on disk');
  const backend = await openBackend(settings);
  const before = readState(join(settings.folder, 'operator.json')) as BackendAddress | null;
  const gateway = createGateway(backend);
  const operator = createOperatorServer(backend);
  const gatewayPort = await listen(gateway, settings.address, settings.gatewayPort, before?.gateway);
  let operatorPort: number;
  try {
    operatorPort = await listen(operator, settings.address, settings.operatorPort, before?.operator);
  } catch (error) {
    await close(gateway);
    throw error;
  }
  const address = publishAddress(backend, {
    gateway: `https://${settings.hostname}:${gatewayPort}`,
    operator: `http://${settings.address.includes(':') ? `[${settings.address}]` : settings.address}:${operatorPort}`,
  });
  settings.log(`gateway ${address.gateway}, operator ${address.operator}`);
  return {
    backend,
    address,
    stop: async () => {
      await Promise.all([close(gateway), close(operator)]);
      settings.log('stopped');
    },
  };
}

function publishAddress(
  backend: Backend,
  urls: { readonly gateway: string; readonly operator: string },
): BackendAddress {
  const { folder } = backend.settings;
  const root = backend.image.keeper.newest().bytes;
  const credentials = writeCredentialsArchive(folder, backend.authorities, {
    gatewayUrl: urls.gateway,
    operatorUrl: urls.operator,
    imageRoot: root,
  });
  const address = { ...urls, credentials, roots: join(folder, 'roots'), pid: process.pid };
  writeState(join(folder, 'operator.json'), address);
  return address;
}

/** Port 0 takes the port of the last run when it is free: devices keep the gateway's URL. */
async function listen(server: Server, address: string, port: number, before: string | undefined): Promise<number> {
  const remembered = before === undefined ? 0 : Number(new URL(before).port);
  if (port === 0 && remembered !== 0) {
    try {
      return await listenOn(server, address, remembered);
    } catch (error) {
      if (errorCodeOf(error) !== 'EADDRINUSE') {
        throw error;
      }
    }
  }
  try {
    return await listenOn(server, address, port);
  } catch (error) {
    throw new BackendError(500, 'listen_failed', `can't listen on ${address} port ${port}: ${textOf(error)}`);
  }
}

async function listenOn(server: Server, address: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
