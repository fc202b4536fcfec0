import { DeviceData } from '../../../src/agent/device-data.js';
import { EventRecorder } from '../../../src/agent/event-recorder.js';
import { EventSender } from '../../../src/agent/event-sender.js';
import { SotaError } from '../../../src/domain/errors/sota-error.js';
import { FakeClock } from '../../support/agent/fake-clock.js';
import { FakeHttp, reply } from '../../support/agent/fake-http.js';
import { FixedRandom } from '../../support/agent/fixed-random.js';
import { MemoryStateStore } from '../../support/agent/memory-state-store.js';
import { KeepingLogger } from '../../support/keeping-logger.js';
import { attempt } from '../../support/update/records.js';

describe('events', () => {
  const route = 'POST /events';

  function board(count: number) {
    const state = new MemoryStateStore();
    const http = new FakeHttp().on(route, reply(204));
    for (let index = 0; index < count; index += 1) state.reports.add('event', String(index));
    const sender = new EventSender({ state, gatewayUrl: 'https://server', logger: new KeepingLogger() });
    return {
      ...{ state, http },
      flush: () => sender.flush(http),
      left: () => state.reports.count('event'),
      sizes: () => http.bodies(route).map((body) => (JSON.parse(body) as unknown[]).length),
    };
  }

  test('go in their order, in batches, until none is left', async () => {
    const { http, flush, left, sizes } = board(250);
    await flush();
    expect([left(), sizes()]).toEqual([0, [100, 100, 50]]);
    expect(http.bodies(route)[0]?.startsWith('[0,1,2,')).toBe(true);
    await flush();
    expect(sizes()).toHaveLength(3);
  });

  test('that are too many for the server go in halves; a single one that is too large is dropped', async () => {
    const { http, flush, left, sizes } = board(4);
    http.on(route, ({ body = '' }) => reply((JSON.parse(body) as unknown[]).includes(2) ? 413 : 204));
    await flush();
    expect(sizes()).toEqual([4, 2, 2, 1, 1]);
    expect(left()).toBe(0);
  });

  test('for which the server has no route are dropped', async () => {
    const { http, flush, left } = board(3);
    http.on(route, reply(404));
    await flush();
    expect(left()).toBe(0);
  });

  test.each([301, 400, 401, 408, 429, 500, 503])(
    'answered by %d are kept, and asked for once a flush',
    async (status) => {
      const { http, flush, left, sizes } = board(3);
      http.on(route, reply(status));
      await flush();
      expect([left(), sizes()]).toEqual([3, [3]]);
    },
  );

  test('that can not be sent are kept, and nothing is thrown', async () => {
    const { http, flush, left } = board(3);
    http.on(route, new SotaError('NETWORK_TIMEOUT', { message: 'slow' }));
    await flush();
    expect(left()).toBe(3);
  });

  test('have the form of the protocol', () => {
    const state = new MemoryStateStore();
    const clock = new FakeClock(Date.UTC(2027, 0, 2, 3, 4, 5, 678));
    const recorder = new EventRecorder({ state, clock, random: new FixedRandom() });
    recorder.record('EcuInstallationStarted', attempt);
    recorder.record('EcuInstallationCompleted', { ...attempt, correlationId: null }, false);
    expect(state.reports.list('event', 9).map(({ body }) => JSON.parse(body) as unknown)).toEqual([
      {
        id: '00000000-0000-4000-8000-000000000001',
        deviceTime: '2027-01-02T03:04:05Z',
        eventType: { id: 'EcuInstallationStarted', version: 0 },
        event: { correlationId: attempt.correlationId, ecu: 'primary-1' },
      },
      {
        id: '00000000-0000-4000-8000-000000000002',
        deviceTime: '2027-01-02T03:04:05Z',
        eventType: { id: 'EcuInstallationCompleted', version: 0 },
        event: { ecu: 'primary-1', success: false },
      },
    ]);
  });
});

describe('device data', () => {
  function board() {
    const state = new MemoryStateStore();
    const http = new FakeHttp();
    for (const route of [
      'PUT /system_info',
      'PUT /core/installed',
      'PUT /system_info/network',
      'POST /system_info/config',
    ])
      http.on(route, reply(204));
    const facts = {
      hostname: () => Promise.resolve('h'),
      network: () => Promise.resolve({ hostname: 'h', localIpv4: '10.0.0.2', mac: 'aa:bb' }),
      hardware: () => Promise.resolve('{"id":"board"}' as string | null),
      packages: () => Promise.resolve([{ name: 'base', version: '1' }]),
    };
    let made = { reportNetwork: true, configuration: '[pacman]\ntype = "none"\n' as string | null };
    const data = () =>
      new DeviceData({
        ...{ facts, state, logger: new KeepingLogger(), gatewayUrl: 'https://server', ...made },
        digest: (text) => `digest of ${text}`,
      });
    return { ...{ state, http, facts, data }, set: (more: Partial<typeof made>) => (made = { ...made, ...more }) };
  }

  test('goes once, in the forms of the protocol', async () => {
    const { http, data } = board();
    await data().send(http);
    await data().send(http);
    expect(http.requests.map(({ method, url, body, contentType }) => [method, url, body, contentType])).toEqual([
      ['PUT', 'https://server/system_info', '{"id":"board"}', 'application/json'],
      ['PUT', 'https://server/core/installed', '[{"name":"base","version":"1"}]', 'application/json'],
      [
        'PUT',
        'https://server/system_info/network',
        '{"hostname":"h","local_ipv4":"10.0.0.2","mac":"aa:bb"}',
        'application/json',
      ],
      ['POST', 'https://server/system_info/config', '[pacman]\ntype = "none"\n', 'application/toml'],
    ]);
  });

  test('that changed goes again, alone', async () => {
    const { http, facts, data } = board();
    await data().send(http);
    facts.packages = () => Promise.resolve([{ name: 'base', version: '2' }]);
    await data().send(http);
    expect(http.asked().slice(4)).toEqual(['PUT /core/installed']);
  });

  test('that failed goes again; one item does not keep the others back', async () => {
    const { http, facts, data } = board();
    http
      .on('PUT /system_info', reply(500))
      .on('PUT /core/installed', new SotaError('NETWORK_TIMEOUT', { message: '' }));
    facts.network = () => Promise.reject(new Error('no /proc'));
    await data().send(http);
    expect(http.asked()).toHaveLength(3);
    await data().send(http);
    expect(http.asked().slice(3)).toEqual(['PUT /system_info', 'PUT /core/installed']);
  });

  test('for which the server has no route is not sent each time', async () => {
    const { http, data } = board();
    http.on('PUT /system_info', reply(404));
    await data().send(http);
    await data().send(http);
    expect(http.asked()).toHaveLength(4);
  });

  test('that is not to be reported, or is not known, stays here', async () => {
    const { http, facts, data, set } = board();
    set({ reportNetwork: false, configuration: null });
    facts.hardware = () => Promise.resolve(null);
    await data().send(http);
    expect(http.asked()).toEqual(['PUT /core/installed']);
  });
});
