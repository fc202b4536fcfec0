/** Kernel arguments as far as OSTree reads them. */

/** The words of a kernel command line; spaces within double quotes don't separate (kernel's parse_args). */
export function splitArguments(commandLine: string): readonly string[] {
  const words: string[] = [];
  let word = '';
  let quoted = false;
  for (const character of commandLine) {
    if (character === '"') quoted = !quoted;
    if (!quoted && (character === ' ' || character === '\t' || character === '\n')) {
      if (word !== '') words.push(word);
      word = '';
    } else {
      word += character;
    }
  }
  if (word !== '') words.push(word);
  return words;
}

/**
 * Every value of `ostree=`: a good command line has exactly one.
 * It is a path below the sysroot that leads over symbolic links to the deployment, at the moment of booting.
 */
export function ostreePaths(commandLine: string): readonly string[] {
  return splitArguments(commandLine)
    .filter((word) => word.startsWith('ostree='))
    .map((word) => word.slice('ostree='.length));
}

/** Is it an absolute path that can't lead out by its own segments? */
export function isPlainAbsolutePath(path: string): boolean {
  return path.startsWith('/') && !path.split('/').some((segment) => segment === '..' || segment === '.');
}
