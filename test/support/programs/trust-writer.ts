import { FileTrustStore } from '../../../src/adapters/trust/trust-store.js';
import { KeepingLogger } from '../keeping-logger.js';

/** Commits one consistent state after another until it is killed: all parts of state N carry the number N. */
async function writeForEver(folder: string, secondFolder: string): Promise<void> {
  const store = new FileTrustStore({ folder, secondFolder, logger: new KeepingLogger() });
  for (let number = (await store.load()).timeFloorMilliseconds + 1; ; number += 1) {
    const bytes = Buffer.from(`${number} ${'x'.repeat(number % 3 === 0 ? 70_000 : 10)}`);
    await store.commit({
      appendRoots: [{ repository: 'director', version: number, bytes: Buffer.from(String(number)) }],
      files: [
        { repository: 'image', role: 'targets', bytes },
        { repository: 'director', role: 'targets', bytes },
      ],
      timeFloorMilliseconds: number,
    });
    process.stdout.write(`${number}\n`);
  }
}

void writeForEver(process.argv[2] ?? '', process.argv[3] ?? '');
