/**
 * For development only: command line of the SIMULATED boot loader.
 *   request-reboot MACHINE_FOLDER           for `bootloader.reboot_command`
 *   boot SYSROOT MACHINE_FOLDER [1|2]       boots; prints what runs as JSON; exit 1 when it doesn't boot
 */
import { boot, requestReboot } from './simulated-boot-loader.js';

const usage = 'usage: boot-loader request-reboot MACHINE_FOLDER | boot SYSROOT MACHINE_FOLDER [1|2]\n';

/** @returns the exit code. */
export async function main(words: readonly string[]): Promise<number> {
  const [verb, first, second, entry = '1'] = words;
  if (verb === 'request-reboot' && first !== undefined && second === undefined) {
    await requestReboot(first);
    return 0;
  }
  if (verb === 'boot' && first !== undefined && second !== undefined && (entry === '1' || entry === '2')) {
    const result = await boot({ sysroot: first, machineFolder: second, entry: entry === '1' ? 1 : 2 });
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return result.ok ? 0 : 1;
  }
  process.stderr.write(usage);
  return 2;
}

if (require.main === module) {
  main(process.argv.slice(2)).then(
    (code) => {
      process.exitCode = code;
    },
    (reason: unknown) => {
      process.stderr.write(`${reason instanceof Error ? reason.message : String(reason)}\n`);
      process.exitCode = 1;
    },
  );
}
