/** What the device tells about itself (aktualizr.md 3.5). */
export interface NetworkFacts {
  readonly hostname: string;
  readonly localIpv4: string;
  readonly mac: string;
}

export interface DeviceFacts {
  hostname(): Promise<string>;
  /** Of the interface with the default route; null when there is none. */
  network(): Promise<NetworkFacts | null>;
  /** `lshw -json`, its first element; null where lshw isn't installed. JSON text. */
  hardware(): Promise<string | null>;
  /** From pacman.packages_file; empty when there is none. */
  packages(): Promise<readonly { readonly name: string; readonly version: string }[]>;
}
