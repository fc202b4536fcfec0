/** All limits on metadata in one place (aktualizr.md 3; uptane.md 5). */
export interface MetadataLimits {
  readonly rootBytes: number;
  readonly timestampBytes: number;
  readonly snapshotBytes: number;
  readonly directorTargetsBytes: number;
  readonly imageTargetsBytes: number;
  /** New roots that one refresh follows; the next one goes on from there. */
  readonly rootsPerRefresh: number;
  readonly signaturesPerFile: number;
  readonly keysPerRoot: number;
}

export const defaultMetadataLimits: MetadataLimits = {
  rootBytes: 64 * 1024,
  timestampBytes: 64 * 1024,
  snapshotBytes: 64 * 1024,
  directorTargetsBytes: 64 * 1024,
  imageTargetsBytes: 8 * 1024 * 1024,
  rootsPerRefresh: 1000,
  signaturesPerFile: 64,
  keysPerRoot: 256,
};
