import { createCipheriv, createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile, access } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Processes } from '../../ports/processes.js';
import { runProgram } from './run-program.js';

/** For development only: makes operating systems that are just enough for OSTree to deploy them. */

export interface TreeDescription {
  /** In os-release and in the metadata of the commit. */
  readonly version: string;
  /** Release of the kernel: versions with the same one share kernel and initramfs. */
  readonly kernel: string;
  /**
   * PRETTY_NAME; the commit has no version then. libostree leaves the boot folders as they are ("bootconfig swap: no")
   * only when kernel, arguments and this title are those of before. Default: a title with the version.
   */
  readonly title?: string;
  /** How many files beside the system's own; default 8. A quarter differs from version to version. */
  readonly files?: number;
  /** Bytes of these files together; default 8 KiB. They can't be compressed. */
  readonly sizeBytes?: number;
  /** `usr/lib/ostree-boot/uEnv.txt`, which libostree adds to the first boot entry; default: none. */
  readonly bootLines?: string;
  /** More files: path below the tree and content. */
  readonly extraFiles?: Readonly<Record<string, string | Buffer>>;
  /** Leaves the initramfs out (a FIT image holds its own). */
  readonly withoutInitramfs?: boolean;
}

/** Bytes that look random but are the same for the same label. */
function fillerBytes(label: string, length: number): Buffer {
  const key = createHash('sha256').update(label).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(length));
}

async function writeTreeFile(root: string, path: string, content: string | Buffer): Promise<void> {
  const full = join(root, path);
  await mkdir(dirname(full), { recursive: true });
  await writeFile(full, content);
  await chmod(full, 0o644);
}

async function writeTree(root: string, tree: TreeDescription): Promise<void> {
  const modules = `usr/lib/modules/${tree.kernel}`;
  for (const folder of ['usr/etc', 'proc', 'sys', 'dev', 'run', 'var', 'sysroot', 'boot', 'tmp']) {
    await mkdir(join(root, folder), { recursive: true });
  }
  await symlink('sysroot/ostree', join(root, 'ostree'));
  await writeTreeFile(
    root,
    'usr/lib/os-release',
    `ID=sota-demo\nNAME="SOTA demo"\nVERSION_ID=${tree.version}\nPRETTY_NAME="${tree.title ?? `SOTA demo ${tree.version}`}"\n`,
  );
  await symlink('../usr/lib/os-release', join(root, 'usr/etc/os-release'));
  await writeTreeFile(root, `${modules}/vmlinuz`, `kernel ${tree.kernel}\n`);
  if (tree.withoutInitramfs !== true) {
    await writeTreeFile(root, `${modules}/initramfs.img`, `initramfs ${tree.kernel}\n`);
  }
  if (tree.bootLines !== undefined) await writeTreeFile(root, 'usr/lib/ostree-boot/uEnv.txt', tree.bootLines);
  const files = tree.files ?? 8;
  const bytesEach = files === 0 ? 0 : Math.max(1, Math.floor((tree.sizeBytes ?? 8192) / files));
  for (let index = 0; index < files; index += 1) {
    const label = index % 4 === 0 ? `${tree.version}/${index}` : String(index);
    await writeTreeFile(root, `usr/share/filler/${index % 64}/${index}`, fillerBytes(label, bytesEach));
  }
  for (const [path, content] of Object.entries(tree.extraFiles ?? {})) await writeTreeFile(root, path, content);
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Commits a real tree, owned by root, into a repository, which is made when it is missing.
 * @param options repository: folder; mode of a new one: `archive` can be served over HTTP; branch: the ref to move.
 * @returns the commit's checksum.
 */
export async function makeTree(
  processes: Processes,
  options: {
    readonly repository: string;
    readonly mode?: 'archive' | 'bare';
    readonly branch: string;
    readonly tree: TreeDescription;
  },
): Promise<string> {
  const { repository, tree } = options;
  await mkdir(dirname(repository), { recursive: true });
  if (!(await exists(join(repository, 'config')))) {
    await runProgram(processes, 'ostree', ['init', `--repo=${repository}`, `--mode=${options.mode ?? 'archive'}`]);
  }
  const root = await mkdtemp(join(dirname(repository), 'tree-'));
  try {
    await chmod(root, 0o755);
    await writeTree(root, tree);
    const output = await runProgram(processes, 'ostree', [
      'commit',
      `--repo=${repository}`,
      `--branch=${options.branch}`,
      `--subject=Version ${tree.version}`,
      ...(tree.title === undefined ? [`--add-metadata-string=version=${tree.version}`] : []),
      '--owner-uid=0',
      '--owner-gid=0',
      '--no-xattrs',
      `--tree=dir=${root}`,
    ]);
    return output.trim();
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}
