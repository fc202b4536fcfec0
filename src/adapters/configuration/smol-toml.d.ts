/**
 * smol-toml ships a CommonJS build, but its types call every build an ES module, which `tsc` then refuses to load.
 * This names the part of it that is used here.
 */
declare module 'smol-toml' {
  /** @throws TomlError */
  export function parse(text: string): Record<string, unknown>;

  export class TomlError extends Error {
    readonly line: number;
    readonly column: number;
  }
}
