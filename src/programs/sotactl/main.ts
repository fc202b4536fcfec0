/** sotactl: arguments in, exit code out. */
import { runSotactl } from './command-line.js';
import { wireSotactl } from './wire.js';

void runSotactl(process.argv.slice(2), wireSotactl()).then((exitCode) => {
  process.exitCode = exitCode;
});
