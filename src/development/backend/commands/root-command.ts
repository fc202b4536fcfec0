// For development only: never part of what runs on a device.
import { Argument, type Command } from 'commander';
import { OperatorClient } from './operator-client.js';
import { show, type GlobalOptions } from './output.js';
import { roleNames } from '../settings.js';

export function addRootCommand(program: Command): void {
  program
    .command('rotate-root')
    .description('publish a next root with a new root key')
    .addArgument(new Argument('<repository>', 'whose root').choices(['director', 'image']))
    .option('--all-roles', 'new keys for targets, snapshot and timestamp too')
    .action(async (repository: string, _options, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { readonly allRoles?: boolean }>();
      const order = { repository, roles: options.allRoles === true ? roleNames : ['root'] };
      const client = OperatorClient.ofState(options.state);
      const rotated = (await client.call('POST', '/roots', order)) as { readonly version: number };
      show(options, rotated, [`the root of ${repository} is now version ${rotated.version}`]);
    });
}
