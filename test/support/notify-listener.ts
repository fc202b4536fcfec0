import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

export interface Notification {
  /** Assignments, one a line (`READY=1`). */
  readonly message: string;
  /** The sender, as the kernel says. */
  readonly pid: number;
}

export interface NotifyListener {
  readonly path: string;
  /** So far, without the barriers of systemd-notify. */
  readonly notifications: readonly Notification[];
  stop(): Promise<void>;
}

/** A real notify socket at `<folder>/notify`. */
export async function startNotifyListener(folder: string): Promise<NotifyListener> {
  const path = join(folder, 'notify');
  const child = spawn('/usr/bin/python3', [join('test', 'support', 'notify-listener.py'), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const notifications: Notification[] = [];
  const lines = createInterface(child.stdout);
  await new Promise((resolve) => lines.once('line', resolve));
  lines.on('line', (line) => {
    const notification = JSON.parse(line) as Notification;
    if (!notification.message.startsWith('BARRIER=')) notifications.push(notification);
  });
  return {
    path,
    notifications,
    stop: async () => {
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.kill('SIGKILL');
      await closed;
    },
  };
}
