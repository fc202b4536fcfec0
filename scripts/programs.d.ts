/** A program that `npm run build` makes. */
export interface BuiltProgram {
  readonly name: string;
  readonly entry: string;
  /** Does it ship? */
  readonly device: boolean;
}
export const programs: readonly BuiltProgram[];
