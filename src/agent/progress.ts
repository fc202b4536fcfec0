/** What the running effect is doing, for status, STATUS= and the watchdog. */
export interface Progress {
  readonly phase: string;
  readonly objectsFetched?: number;
  readonly objectsRequested?: number;
  readonly bytes?: number;
  readonly totalBytes?: number;
}

/** Holds the newest progress and tells whoever listens; each call is a sign of life. */
export class ProgressBoard {
  private newest: Progress | null = null;
  private obstacleText: string | null = null;
  private readonly listener: () => void;

  constructor(listener: () => void) {
    this.listener = listener;
  }

  get progress(): Progress | null {
    return this.newest;
  }

  /** Who stands in the way of an installation or reboot, in words. */
  get obstacle(): string | null {
    return this.obstacleText;
  }

  show(progress: Progress | null): void {
    this.newest = progress;
    this.listener();
  }

  showObstacle(text: string | null): void {
    this.obstacleText = text;
    this.listener();
  }
}
