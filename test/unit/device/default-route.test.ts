import { addressesOf, defaultRouteInterface } from '../../../src/adapters/device/default-route.js';
import { parsePackageList } from '../../../src/adapters/device/package-list.js';

const head = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';

describe('the interface of the default route', () => {
  it('is the first with destination and mask 0 that is up', () => {
    const table = [
      head.trimEnd(),
      'lan\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
      'half\t00000000\t0100A8C0\t0003\t0\t0\t0\t00000080\t0\t0\t0',
      'down\t00000000\t0100A8C0\t0002\t0\t0\t0\t00000000\t0\t0\t0',
      'wan\t00000000\t0100A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0',
      'wlan\t00000000\t0100A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0',
    ].join('\n');
    expect(defaultRouteInterface(table)).toBe('wan');
  });

  it('is none without such a route', () => {
    for (const table of ['', head, `${head}lan\t0000A8C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n`]) {
      expect(defaultRouteInterface(table)).toBeNull();
    }
  });

  it('has the addresses that the system tells', () => {
    expect(addressesOf('lo')).toEqual({ localIpv4: '127.0.0.1', mac: '00:00:00:00:00:00' });
    expect(addressesOf('none')).toBeNull();
    expect(addressesOf('constructor')).toBeNull();
  });
});

describe('the list of packages', () => {
  it('has a name and a version a line; other lines are skipped', () => {
    expect(parsePackageList('a 1.0\n\nbad\n  b\t2:3-r0 \r\nc 1 2\n d 4')).toEqual([
      { name: 'a', version: '1.0' },
      { name: 'b', version: '2:3-r0' },
      { name: 'd', version: '4' },
    ]);
  });
});
