// For development only: never part of what runs on a device.
import { join } from 'node:path';
import { strToU8, zipSync } from 'fflate';
import { writeDurably } from '../storage/durable-files.js';
import type { Authorities } from './authorities.js';
import { packPkcs12 } from './certificates.js';

/** Writes `credentials.zip` (aktualizr.md 2.1) and returns its path. */
export function writeCredentialsArchive(
  folder: string,
  authorities: Authorities,
  content: {
    readonly gatewayUrl: string;
    readonly operatorUrl: string;
    readonly imageRoot: Buffer;
  },
): string {
  const treehub = { no_auth: true, ostree: { server: `${content.operatorUrl}/api/v3/` } };
  const archive = zipSync(
    {
      'autoprov.url': strToU8(content.gatewayUrl),
      'autoprov_credentials.p12': packPkcs12(authorities.provisioning, [authorities.serverAuthority.certificate]),
      'server_ca.pem': strToU8(authorities.serverAuthority.certificate),
      'treehub.json': strToU8(`${JSON.stringify(treehub, null, 2)}\n`),
      'tufrepo.url': strToU8(content.operatorUrl),
      'root.json': content.imageRoot,
    },
    { level: 6 },
  );
  const path = join(folder, 'credentials.zip');
  writeDurably(path, Buffer.from(archive));
  return path;
}
