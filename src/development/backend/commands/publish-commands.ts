// For development only: never part of what runs on a device.
import { createReadStream, statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { BackendError } from '../backend-error.js';
import type { PublishedTarget } from '../metadata/image-repository.js';
import { textOf } from '../storage/file-errors.js';
import { OperatorClient } from './operator-client.js';
import { show, type GlobalOptions } from './output.js';

interface PublishOptions extends GlobalOptions {
  readonly hardwareId: readonly string[];
  readonly name?: string;
  readonly version?: string;
  readonly filename?: string;
}

const collect = (text: string, before: readonly string[] | undefined): readonly string[] => [...(before ?? []), text];

export function addPublishCommands(program: Command): void {
  program
    .command('publish-ostree')
    .description('copy a commit into the treehub and publish it as target <ref>-<commit>')
    .argument('<repository>', 'a local OSTree repository')
    .argument('<ref>', 'a ref of it, or a commit')
    .requiredOption('--hardware-id <id>', 'it fits this hardware; may be given again', collect)
    .option('--name <name>', 'instead of the ref')
    .option('--version <version>', 'instead of the commit')
    .action(async (repository: string, ref: string, _options, command: Command) => {
      const options = command.optsWithGlobals<PublishOptions>();
      const target = (await OperatorClient.ofState(options.state).call('POST', '/targets/ostree', {
        repository: resolve(repository),
        ref,
        name: options.name ?? null,
        version: options.version ?? null,
        hardwareIds: options.hardwareId,
      })) as PublishedTarget;
      showTarget(options, target);
    });
  program
    .command('publish-binary')
    .description('publish a file as target <name>-<version>')
    .argument('<file>', 'the content')
    .requiredOption('--hardware-id <id>', 'it fits this hardware; may be given again', collect)
    .option('--name <name>', "instead of the file's name")
    .option('--version <version>', 'a version', '1')
    .option('--filename <name>', 'of the target, instead of <name>-<version>')
    .action(async (file: string, _options, command: Command) => {
      const options = command.optsWithGlobals<PublishOptions>();
      requireFile(file);
      const query = new URLSearchParams({
        name: options.name ?? basename(file),
        version: options.version ?? '1',
        ...(options.filename === undefined ? {} : { filename: options.filename }),
      });
      options.hardwareId.forEach((id) => query.append('hardwareId', id));
      const client = OperatorClient.ofState(options.state);
      const target = (await client.upload(
        `/targets/binary?${query.toString()}`,
        createReadStream(file),
      )) as PublishedTarget;
      showTarget(options, target);
    });
}

function requireFile(path: string): void {
  let reason: string;
  try {
    if (statSync(path).isFile()) {
      return;
    }
    reason = 'it is no file';
  } catch (error) {
    reason = textOf(error);
  }
  throw new BackendError(400, 'file_unreadable', `${path} can't be published: ${reason}`);
}

function showTarget(options: GlobalOptions, target: PublishedTarget): void {
  show(options, target, [
    `published ${target.filename}`,
    `  ${target.targetFormat}, sha256 ${target.sha256}, ${target.length} bytes, for ${target.hardwareIds.join(', ')}`,
  ]);
}
