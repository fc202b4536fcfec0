import { networkInterfaces } from 'node:os';

/**
 * The interface of the IPv4 default route: the first line of /proc/net/route with destination and mask 0 whose route
 * is up (aktualizr.md 3.5); null when there is none.
 */
export function defaultRouteInterface(routeTable: string): string | null {
  for (const line of routeTable.split('\n').slice(1)) {
    const [name, destination, , flags, , , , mask] = line.split('\t').map((field) => field.trim());
    const isUp = (Number.parseInt(flags ?? '0', 16) & 1) === 1;
    if (name !== undefined && destination === '00000000' && mask === '00000000' && isUp) return name;
  }
  return null;
}

/** IPv4 and hardware address of an interface; null when it has no IPv4 address. */
export function addressesOf(
  interfaceName: string,
  interfaces = networkInterfaces(),
): { readonly localIpv4: string; readonly mac: string } | null {
  if (!Object.hasOwn(interfaces, interfaceName)) return null;
  const address = interfaces[interfaceName]?.find(({ family }) => family === 'IPv4');
  return address === undefined ? null : { localIpv4: address.address, mac: address.mac };
}
