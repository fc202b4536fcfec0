'use strict';

/** Writes generated files, or with `--check` only compares them. */
const fs = require('node:fs');
const path = require('node:path');

/** @returns the exit code: 0 done or up to date, 1 drift, 2 wrong arguments. */
function writeGenerated(texts, parameters) {
  if (parameters.some((parameter) => parameter !== '--check')) {
    process.stderr.write('The only option is --check.\n');
    return 2;
  }
  const stale = [...texts].filter(([file, text]) => !fs.existsSync(file) || fs.readFileSync(file, 'utf8') !== text);
  for (const [file, text] of stale) {
    const name = path.relative(process.cwd(), file);
    if (parameters.includes('--check')) {
      process.stderr.write(`${name} is not what its source says; generate it again (npm run docs).\n`);
    } else {
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, text);
      process.stdout.write(`wrote ${name}\n`);
    }
  }
  return parameters.includes('--check') && stale.length > 0 ? 1 : 0;
}

module.exports = { writeGenerated };
