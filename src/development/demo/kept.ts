// For development only: never part of what runs on a device.
import { join } from 'node:path';

/**
 * Commands that look at what `--keep` left, one a line; they work outside of the demo's namespace too.
 * @param program path of the `main.js` of a program.
 */
export function waysToLook(
  folder: string,
  program: (name: string) => string,
  packageManager: 'ostree' | 'none',
): string {
  const device = join(folder, 'd');
  const backend = `node ${program('sotad-development-backend')} --state ${folder}/backend`;
  const sysroot = [
    `ostree admin status --sysroot=${device}/sysroot`,
    `cat ${device}/sysroot/boot/loader/uEnv.txt`,
    '# on with the device (a reboot that it asks for is not done); in a namespace, so that it sets no immutable bits:',
    `unshare -rm env OSTREE_SYSROOT_DEBUG=mutable-deployments node ${program('sotad')} --config ${device}/sota.toml`,
  ];
  const images = [
    `ls -l ${device}/images`,
    '# on with the device:',
    `node ${program('sotad')} --config ${device}/sota.toml`,
  ];
  return [
    `cat ${device}/sota.toml`,
    `node ${program('sotactl')} --socket-folder ${device}/run status`,
    '# the backend again, at the same address; then devices, assign, cancel, fault in another terminal:',
    `${backend} serve --port 0 --operator-port 0`,
    `${backend} devices`,
    ...(packageManager === 'ostree' ? sysroot : images),
    '# when done:',
    `rm -rf ${folder}`,
  ].join('\n');
}
