/** Child processes: one gateway, no shell, everything bounded (design rule 8). */
export interface ProcessRequest {
  /** Absolute path, or a name that is looked up on the fixed search path of the gateway. */
  readonly file: string;
  readonly arguments: readonly string[];
  /** Added to the allow-listed environment (PATH, LANG=C.UTF-8, TZ=UTC). */
  readonly environment?: Readonly<Record<string, string>>;
  readonly workingFolder?: string;
  /** Written to its standard input, which is closed afterwards; otherwise it is /dev/null. */
  readonly input?: string;
  /** The whole group is killed after this time. */
  readonly timeoutSeconds?: number;
  /** The whole group is killed when its processes wrote not one byte (`wchar` of /proc/PID/io) for this time. */
  readonly stallTimeoutSeconds?: number;
  /** Kept of each stream, the newest bytes; the rest is dropped. Default 1 MiB. */
  readonly outputLimitBytes?: number;
  readonly signal?: AbortSignal;
  /** Each complete line of standard error or output as it comes, cut at 4 KiB. */
  readonly onLine?: (stream: 'output' | 'error', line: string) => void;
  /** About each second: bytes written so far (`wchar`) by the child. */
  readonly onWrittenBytes?: (bytes: number) => void;
}

export interface ProcessOutcome {
  /** null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: string | null;
  /** Why it is over: by itself, or which limit of the request killed the group. */
  readonly endedBy: 'itself' | 'timeout' | 'stall' | 'abort';
  readonly standardOutput: string;
  readonly standardError: string;
}

export interface Processes {
  /**
   * Runs a program to its end. A failing exit code is an outcome, not an exception.
   * @throws SotaError PROCESS_NOT_FOUND when it can't be started.
   */
  run(request: ProcessRequest): Promise<ProcessOutcome>;
}
