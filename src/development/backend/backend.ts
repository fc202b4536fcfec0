// For development only: never part of what runs on a device.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Director } from './devices/director.js';
import { DeviceStore } from './devices/device-store.js';
import { FaultBook } from './faults/fault-book.js';
import { RequestLog } from './gateway/request-log.js';
import { ImageRepository } from './metadata/image-repository.js';
import { openAuthorities, type Authorities } from './pki/authorities.js';
import type { BackendSettings } from './settings.js';
import { writeDurably } from './storage/durable-files.js';
import { Treehub } from './treehub/treehub.js';

/** Everything behind the listeners. */
export interface Backend {
  readonly settings: BackendSettings;
  readonly authorities: Authorities;
  readonly image: ImageRepository;
  readonly director: Director;
  readonly devices: DeviceStore;
  readonly treehub: Treehub;
  readonly faults: FaultBook;
  readonly requests: RequestLog;
}

/** Opens the state folder, or makes authorities, keys, first roots and an empty treehub in it. */
export async function openBackend(settings: BackendSettings): Promise<Backend> {
  mkdirSync(settings.folder, { recursive: true, mode: 0o700 });
  const [authorities, treehub] = await Promise.all([
    openAuthorities(settings.folder, settings.hostname, settings.now()),
    Treehub.open(settings.folder),
  ]);
  const devices = new DeviceStore(join(settings.folder, 'devices'));
  const image = new ImageRepository(settings);
  const director = new Director(settings, devices);
  exportFirstRoots(settings.folder, image, director);
  return {
    settings,
    authorities,
    image,
    director,
    devices,
    treehub,
    faults: new FaultBook(settings.log),
    requests: new RequestLog(),
  };
}

/** `roots/{director,repo}/root.json`: what an image ships as its first trust. */
function exportFirstRoots(folder: string, image: ImageRepository, director: Director): void {
  for (const [name, keeper] of [
    ['repo', image.keeper],
    ['director', director.keeper],
  ] as const) {
    const root = keeper.root(1);
    if (root !== null) {
      writeDurably(join(folder, 'roots', name, 'root.json'), root.bytes, 0o644);
    }
  }
}
