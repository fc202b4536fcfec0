/** sotad: arguments in, exit code out. */
import { runSotad } from './command-line.js';

void runSotad(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
});
