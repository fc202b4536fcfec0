import { readdirSync, rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { SotaError } from '../../domain/errors/sota-error.js';
import type { Files } from '../../ports/files.js';
import type { PullSource } from '../../ports/operating-system-tree.js';

/**
 * A pull needs a remote with paths of TLS files. In the configuration of the repository these would outlive the pull,
 * and on a booted device ostree writes remotes to /etc, which may be read-only. So each pull gets a repository folder
 * of its own in the runtime folder: its `config` holds the remote, everything else is a link to the real repository.
 * Nothing that a killed pull leaves is ever read again.
 */

export const remoteName = 'sotad';

const prefix = 'ostree-pull-';
const sharedParts = ['objects', 'refs', 'state', 'tmp', 'extensions', '.lock'];
const configurationLimitBytes = 1024 * 1024;

/** Removes what killed pulls left in the runtime folder: keys above all. */
export function sweepPullRepositories(runtimeFolder: string): void {
  let names: string[];
  try {
    names = readdirSync(runtimeFolder);
  } catch (cause) {
    if (typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'ENOENT') return;
    throw new SotaError('FILE_UNREADABLE', { message: `${runtimeFolder} can not be listed`, cause });
  }
  for (const name of names) {
    if (name.startsWith(prefix)) rmSync(join(runtimeFolder, name), { recursive: true, force: true });
  }
}

/** The configuration of the real repository without its remotes, which may hold other people's secrets. */
function withoutRemotes(configuration: string): string {
  let keep = true;
  const lines = configuration.split('\n').filter((line) => {
    if (line.startsWith('[')) keep = !line.startsWith('[remote ');
    return keep;
  });
  return `${lines.join('\n').trimEnd()}\n`;
}

/** GKeyFile takes a backslash for an escape. */
function keyFileValue(value: string): string {
  return value.replaceAll('\\', '\\\\');
}

function requireUrl(url: string): string {
  const isPlain = /^https?:\/\/[\x21-\x7e]+$/.test(url) && URL.canParse(url);
  if (!isPlain) {
    throw new SotaError('CONFIGURATION_INVALID', { message: `pacman.ostree_server is no http(s) URL: ${url}` });
  }
  return url;
}

async function remoteSection(files: Files, folder: string, source: PullSource): Promise<string> {
  const lines = [
    `[remote "${remoteName}"]`,
    `url=${keyFileValue(requireUrl(source.url))}`,
    'gpg-verify=false',
    'gpg-verify-summary=false',
    'sign-verify=false',
    'sign-verify-summary=false',
  ];
  const keep = async (key: string, name: string, pem: string | undefined): Promise<void> => {
    if (pem === undefined || pem === '') return;
    const path = join(folder, name);
    await files.writeAtomically(path, pem, 0o600);
    lines.push(`${key}=${keyFileValue(path)}`);
  };
  await keep('tls-ca-path', 'authorities.pem', source.tls.certificateAuthorities);
  await keep('tls-client-cert-path', 'client-certificate.pem', source.tls.clientCertificate);
  await keep('tls-client-key-path', 'client-key.pem', source.tls.clientKey);
  return `${lines.join('\n')}\n`;
}

/**
 * Runs an action with a repository folder that has the remote.
 * @param repository the real repository.
 * @throws SotaError SYSROOT_UNAVAILABLE, CONFIGURATION_INVALID, FILE_UNREADABLE, DISK_FULL.
 */
export async function withPullRepository<Value>(
  {
    files,
    repository,
    runtimeFolder,
  }: { readonly files: Files; readonly repository: string; readonly runtimeFolder: string },
  source: PullSource,
  action: (pullRepository: string) => Promise<Value>,
): Promise<Value> {
  const configuration = await files.read(join(repository, 'config'), configurationLimitBytes);
  if (configuration === null) {
    throw new SotaError('SYSROOT_UNAVAILABLE', { message: `${repository} is no OSTree repository: it has no config` });
  }
  await mkdir(runtimeFolder, { recursive: true, mode: 0o700 });
  // mkdtemp makes it 0700.
  const folder = await mkdtemp(join(runtimeFolder, prefix));
  try {
    const pullRepository = join(folder, 'repository');
    await mkdir(pullRepository);
    for (const part of sharedParts) await symlink(join(repository, part), join(pullRepository, part));
    const remote = await remoteSection(files, folder, source);
    const text = `${withoutRemotes(configuration.toString('utf8'))}\n${remote}`;
    await files.writeAtomically(join(pullRepository, 'config'), text, 0o600);
    return await action(pullRepository);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
