// For development only: never part of what runs on a device.
import { runProgram } from './commands/program.js';

void runProgram(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
