/** Builds what changed and returns the names of what was built. */
export function buildChanged(): Promise<readonly string[]>;
