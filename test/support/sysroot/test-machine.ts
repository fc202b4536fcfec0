import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeFiles } from '../../../src/adapters/files/node-files.js';
import { OstreeTree, type OstreeTreeOptions } from '../../../src/adapters/ostree/ostree-tree.js';
import { UEnvBootloader } from '../../../src/adapters/uboot/u-env-bootloader.js';
import { boot } from '../../../src/development/boot-loader/simulated-boot-loader.js';
import { makeSysroot, removeSysroot, type SysrootDescription } from '../../../src/development/sysroot/make-sysroot.js';
import { makeTree, type TreeDescription } from '../../../src/development/sysroot/make-tree.js';
import type { Processes } from '../../../src/ports/processes.js';
import { KeepingLogger } from '../keeping-logger.js';
import { testProcesses } from './test-processes.js';

/** Versions to update between: 1 and 2 have one kernel and title ("bootconfig swap: no"), 3 has another kernel. */
export const trees = {
  one: { version: '1', kernel: '5.10.1', title: 'SOTA test' },
  two: { version: '2', kernel: '5.10.1', title: 'SOTA test' },
  three: { version: '3', kernel: '6.1.0' },
} satisfies Record<string, TreeDescription>;

/** An archive repository in a temporary folder with the given trees. */
export class TestRepository {
  readonly #commits = new Map<string, string>();

  private constructor(
    readonly folder: string,
    readonly path: string,
    readonly processes: Processes,
  ) {}

  static async create(descriptions: readonly TreeDescription[] = Object.values(trees)): Promise<TestRepository> {
    const folder = await mkdtemp(join(await realpath(tmpdir()), 'sota-repository-'));
    const repository = new TestRepository(folder, join(folder, 'repository'), testProcesses());
    for (const tree of descriptions) await repository.add(tree);
    return repository;
  }

  async add(tree: TreeDescription): Promise<string> {
    const options = { repository: this.path, branch: `os/${tree.version}`, tree };
    const commit = await makeTree(this.processes, options);
    this.#commits.set(tree.version, commit);
    return commit;
  }

  commit(version: string): string {
    const commit = this.#commits.get(version);
    if (commit === undefined) throw new Error(`no version ${version} in the test repository`);
    return commit;
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A sysroot with version 1, booted by the simulated boot loader, and what the product needs around it. */
export class TestMachine {
  readonly logger = new KeepingLogger();
  readonly files = new NodeFiles();
  readonly sysroot: string;
  readonly machineFolder: string;
  readonly runtimeFolder: string;

  private constructor(
    readonly folder: string,
    readonly processes: Processes,
    readonly repository: TestRepository,
  ) {
    this.sysroot = join(folder, 'sysroot');
    this.machineFolder = join(folder, 'machine');
    this.runtimeFolder = join(folder, 'run');
  }

  static async create(
    repository: TestRepository,
    options: Partial<Pick<SysrootDescription, 'bootloader' | 'kernelArguments'>> & { readonly version?: string } = {},
  ): Promise<TestMachine> {
    const { version = '1', ...description } = options;
    const folder = await mkdtemp(join(await realpath(tmpdir()), 'sota-machine-'));
    const machine = new TestMachine(folder, repository.processes, repository);
    await mkdir(machine.runtimeFolder, { mode: 0o700 });
    await makeSysroot(machine.processes, {
      folder: machine.sysroot,
      osName: 'demo',
      repository: repository.path,
      commit: repository.commit(version),
      ...description,
    });
    return machine;
  }

  /** The product's view; other processes inject faults. */
  tree(options: Partial<OstreeTreeOptions> = {}): OstreeTree {
    return new OstreeTree({
      sysroot: this.sysroot,
      rootFolder: join(this.machineFolder, 'root'),
      procFolder: join(this.machineFolder, 'proc'),
      osName: 'demo',
      runtimeFolder: this.runtimeFolder,
      processes: this.processes,
      files: this.files,
      logger: this.logger,
      ...options,
    });
  }

  uEnv(): UEnvBootloader {
    return new UEnvBootloader({ sysroot: this.sysroot, files: this.files, logger: this.logger });
  }

  async boot(entry: 1 | 2 = 1): ReturnType<typeof boot> {
    return boot({ sysroot: this.sysroot, machineFolder: this.machineFolder, entry });
  }

  /** Brings a commit in without a server, held by the private ref as after a pull of the product. */
  async pullLocally(version: string): Promise<string> {
    const commit = this.repository.commit(version);
    await this.ostree('pull-local', `--repo=${this.sysroot}/ostree/repo`, this.repository.path, commit);
    await this.ostree('refs', `--repo=${this.sysroot}/ostree/repo`, '--force', `--create=sotad/${commit}`, commit);
    return commit;
  }

  /** Runs ostree, which must succeed. */
  async ostree(...words: string[]): Promise<string> {
    const outcome = await this.processes.run({ file: 'ostree', arguments: words, timeoutSeconds: 120 });
    if (outcome.exitCode !== 0) throw new Error(`ostree ${words.join(' ')}: ${outcome.standardError}`);
    return outcome.standardOutput;
  }

  /** Versions of the deployments in boot order. */
  async deployedVersions(): Promise<readonly string[]> {
    const { deployments } = await this.tree().facts();
    return deployments.map(
      ({ commit }) => ['1', '2', '3'].find((version) => this.repository.commit(version) === commit) ?? commit,
    );
  }

  async remove(): Promise<void> {
    await removeSysroot(this.processes, this.sysroot);
    await rm(this.folder, { recursive: true, force: true });
  }
}
