// For development only: never part of what runs on a device.
/** How the backend runs. All times are seconds. */
export interface BackendSettings {
  /** Folder of the state. */
  readonly folder: string;
  readonly address: string;
  /** 0: the port of the last run when it is free, else any. */
  readonly gatewayPort: number;
  readonly operatorPort: number;
  /** Host of the gateway's URL, as devices know it. */
  readonly hostname: string;
  /** Of keys that are made from now on. */
  readonly keyType: 'ed25519' | 'rsa';
  readonly expiries: RoleLifetimes;
  /** May a device register other ECUs later? The real director's default is no. */
  readonly allowEcuReplacement: boolean;
  readonly now: () => number;
  readonly log: (line: string) => void;
}

/** Seconds from signing to expiry. */
export interface RoleLifetimes {
  readonly root: number;
  readonly targets: number;
  readonly snapshot: number;
  readonly timestamp: number;
}

const daySeconds = 86_400;

/** As the reference servers do (backend.md 1.5). */
export const defaultLifetimes: RoleLifetimes = {
  root: 365 * daySeconds,
  targets: 31 * daySeconds,
  snapshot: 31 * daySeconds,
  timestamp: 31 * daySeconds,
};

export type RepositoryName = 'director' | 'image';
export type RoleName = 'root' | 'targets' | 'snapshot' | 'timestamp';
export const roleNames: readonly RoleName[] = ['root', 'targets', 'snapshot', 'timestamp'];
