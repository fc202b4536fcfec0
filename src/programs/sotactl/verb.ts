/** Runs a verb and keeps its exit code for main. */
export type EndVerb = (verb: () => Promise<number>) => Promise<void>;
