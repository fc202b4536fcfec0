import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands between a device and its server and counts what goes over the wire, TLS included. */
export class CountingRelay {
  /** Bytes from the device to the server, since the start. */
  sentBytes = 0;
  receivedBytes = 0;
  connections = 0;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  /** @param target URL of the server. */
  constructor(target: string) {
    const { hostname, port } = new URL(target);
    this.server = createServer((device) => {
      this.connections += 1;
      const upstream = connect({ host: hostname, port: Number(port) });
      device.on('data', (bytes: Buffer) => (this.sentBytes += bytes.length));
      upstream.on('data', (bytes: Buffer) => (this.receivedBytes += bytes.length));
      for (const [socket, other] of [
        [device, upstream],
        [upstream, device],
      ] as const) {
        this.sockets.add(socket);
        socket.setNoDelay(true);
        socket.pipe(other);
        socket.once('error', () => other.destroy());
        socket.once('close', () => {
          this.sockets.delete(socket);
          other.end();
        });
      }
    });
  }

  /** @returns the URL at which the device reaches its server through this. */
  async start(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(0, '127.0.0.1', resolve);
    });
    return `https://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
