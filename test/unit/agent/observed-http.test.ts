import { ObservedHttpFactory, Patience } from '../../../src/agent/observed-http.js';
import { isTransientStatus, retryAfterSeconds, serverError, statusError } from '../../../src/agent/server-reply.js';
import { FakeHttp, reply } from '../../support/agent/fake-http.js';

const limits = { maximumBytes: 1000, deadlineSeconds: 1 };

function observed() {
  const server = new FakeHttp();
  const patience = new Patience();
  const ending = new AbortController();
  let exchanges = 0;
  const factory = new ObservedHttpFactory(
    { create: () => server.client() },
    { patience, onExchange: () => (exchanges += 1), ending: ending.signal },
  );
  return { server, patience, ending, http: factory.create({ certificateAuthorities: '' }), exchanges: () => exchanges };
}

test('every exchange is a sign of life, one that failed too', async () => {
  const { server, http, exchanges } = observed();
  server.on('GET /a', reply(200)).on('GET /b', new Error('gone'));
  await http.request({ method: 'GET', url: 'https://s/a', ...limits });
  await expect(http.request({ method: 'GET', url: 'https://s/b', ...limits })).rejects.toThrow('gone');
  expect(exchanges()).toBe(2);
});

test('a failing reply that asks for patience is remembered until it is forgotten, the longest counts', async () => {
  const { server, patience, http } = observed();
  server.on('GET /a', reply(503, '', { 'retry-after': '50' }), reply(503, '', { 'retry-after': '5' }), reply(503));
  for (let time = 0; time < 3; time += 1) await http.request({ method: 'GET', url: 'https://s/a', ...limits });
  expect(patience.retryAfterSeconds).toBe(50);
  patience.forget();
  expect(patience.retryAfterSeconds).toBeNull();
});

test('a reply that went well asks for nothing', async () => {
  const { server, patience, http } = observed();
  server.on('GET /a', reply(200, '', { 'retry-after': '50' }));
  await http.request({ method: 'GET', url: 'https://s/a', ...limits });
  expect(patience.retryAfterSeconds).toBeNull();
});

test.each([
  ['GET', true],
  ['HEAD', true],
  ['PUT', false],
  ['POST', false],
] as const)('at the end of the daemon %s is given up: %p', async (method, isGivenUp) => {
  const { server, ending, http } = observed();
  server.on(`${method} /a`, reply(200));
  await http.request({ method, url: 'https://s/a', ...limits });
  ending.abort();
  expect(server.requests[0]?.signal?.aborted === true).toBe(isGivenUp);
});

test.each([
  ['120', null, 120],
  ['Fri, 01 Jan 2027 00:02:00 GMT', 'Fri, 01 Jan 2027 00:00:00 GMT', 120],
  ['Fri, 01 Jan 2027 00:02:00 GMT', null, null],
  ['Thu, 31 Dec 2026 00:00:00 GMT', 'Fri, 01 Jan 2027 00:00:00 GMT', null],
  ['soon', 'Fri, 01 Jan 2027 00:00:00 GMT', null],
  ['-5', null, null],
  ['99999999999999999999', null, null],
])('Retry-After %p at %p is %p s', (text, date, seconds) => {
  const headers = { 'retry-after': text, ...(date === null ? {} : { date }) };
  expect(retryAfterSeconds(reply(503, '', headers))).toBe(seconds);
});

test.each([
  [301, true],
  [400, false],
  [403, false],
  [408, true],
  [409, false],
  [429, true],
  [500, true],
  [503, true],
])('status %d may pass by itself: %p', (status, isTransient) => {
  expect(isTransientStatus(status)).toBe(isTransient);
});

test('the error body of a server is read, anything else is no reason to fail', () => {
  expect(serverError(reply(409, { code: 'taken', description: 'by another' }))).toEqual({
    code: 'taken',
    description: 'by another',
  });
  for (const body of ['<html>', '', '[1]', '{"code":7}', '{"code":"a","code":"b"}']) {
    expect(serverError(reply(502, body))).toEqual({ code: '', description: '' });
  }
});

test('the texts of a server are cut', () => {
  const { message } = statusError('GET /x', reply(400, { code: 'c'.repeat(9000), description: 'd'.repeat(9000) }));
  expect(message.length).toBeLessThan(1200);
});
