/** The package ships no declarations. It runs the `systemd-notify` binary with the process's own environment. */
declare module 'systemd-notify' {
  interface NotifyOptions {
    readonly ready?: boolean;
    readonly status?: string;
    readonly pid?: number;
  }
  function notify(options: NotifyOptions): Promise<unknown>;
  export = notify;
}
