import { Writable } from 'node:stream';
import fc from 'fast-check';
import { createLogger, type ProductLogger } from '../../../src/adapters/winston/create-logger.js';
import { logLevelOf, type LogLevel } from '../../../src/adapters/winston/log-level.js';
import type { LogForm } from '../../../src/adapters/winston/log-line.js';

const now = () => new Date('2026-01-02T03:04:05.678Z');

class Sink extends Writable {
  text = '';
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString('utf8');
    done();
  }
}

function make(form: LogForm, level: LogLevel = 'debug'): { logger: ProductLogger; sink: Sink } {
  const sink = new Sink();
  return { logger: createLogger({ form, level, stream: sink, now }), sink };
}

async function written(form: LogForm, log: (logger: ProductLogger) => void, level?: LogLevel): Promise<string> {
  const { logger, sink } = make(form, level);
  log(logger);
  await logger.close();
  return sink.text;
}

test('the text form has time, level, message and fields', async () => {
  const text = await written('text', (logger) => {
    logger.info('polled', { bytes: 12, ok: true, name: 'two words', absent: undefined });
  });
  expect(text).toBe('2026-01-02T03:04:05.678Z info     polled bytes=12 ok=true name="two words"\n');
});

test('lines that name no update belong to the one at work, those of another keep their own', async () => {
  const text = await written('journal', (logger) => {
    logger.belongTo('urn:now');
    logger.info('deployed');
    logger.info('passed on', { correlationId: undefined });
    logger.info('late', { correlationId: 'urn:before' });
    expect(logger.tail('urn:now', 1000)).toContain('deployed');
    logger.belongTo(null);
    logger.info('polled');
  });
  expect(text.split('\n')).toEqual([
    '<6>deployed correlationId=urn:now',
    '<6>passed on correlationId=urn:now',
    '<6>late correlationId=urn:before',
    '<6>polled',
    '',
  ]);
});

test('the journal form has syslog priorities and no time', async () => {
  const text = await written('journal', (logger) => {
    logger.debug('a');
    logger.info('b');
    logger.warning('c');
    logger.error('d', { code: 'DISK_FULL' });
  });
  expect(text).toBe('<7>a\n<6>b\n<4>c\n<3>d code=DISK_FULL\n');
});

test('the json form is one object a line; fields never replace level, time or message', async () => {
  const text = await written('json', (logger) => {
    logger.info('first', { correlationId: 'urn:1', message: 'forged', level: 'error' });
    logger.error('second\nline');
  });
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(lines).toEqual([
    { correlationId: 'urn:1', time: '2026-01-02T03:04:05.678Z', level: 'info', message: 'first' },
    { time: '2026-01-02T03:04:05.678Z', level: 'error', message: 'second\nline' },
  ]);
});

test('a logger with fields puts them on every line', async () => {
  const text = await written('journal', (logger) => {
    const update = logger.with({ correlationId: 'urn:2' }).with({ target: 't' });
    update.info('pulled');
    update.info('other', { target: 'u' });
  });
  expect(text).toBe('<6>pulled correlationId=urn:2 target=t\n<6>other correlationId=urn:2 target=u\n');
});

test('lines below the level are not written', async () => {
  const text = await written(
    'journal',
    (logger) => {
      logger.debug('no');
      logger.info('no');
      logger.warning('yes');
    },
    'warning',
  );
  expect(text).toBe('<4>yes\n');
});

test.each([
  [-3, 'debug'],
  [0, 'debug'],
  [1, 'debug'],
  [2, 'info'],
  [3, 'warning'],
  [4, 'error'],
  [5, 'critical'],
  [99, 'critical'],
] as const)('loglevel %d of aktualizr is %s', (loglevel, level) => {
  expect(logLevelOf(loglevel)).toBe(level);
});

test('whatever the texts hold, each message is one printable line in every form', async () => {
  for (const form of ['text', 'json', 'journal'] as const) {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), async (message, value) => {
        const text = await written(form, (logger) => logger.info(message, { value }));
        expect(text.endsWith('\n')).toBe(true);
        expect(text.slice(0, -1)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/);
        if (form === 'json') expect(JSON.parse(text)).toMatchObject({ level: 'info' });
      }),
      { numRuns: 60 },
    );
  }
});

test('a terminal is not driven', async () => {
  expect(await written('journal', (logger) => logger.info('a\u001b[2Jb\r\n<3>forged'))).toBe(
    '<6>a\\u001b[2Jb\\r\\n<3>forged\n',
  );
});

const pem = '-----BEGIN PRIVATE KEY-----\nMIIEvSECRETdata\nmoreSECRETdata==\n-----END PRIVATE KEY-----';

test.each([
  ['a PEM block', `key is ${pem} here`],
  ['a cut PEM block', `key ${pem.slice(0, 50)}`],
  ['a PIN in a PKCS#11 URI', 'pkcs11:token=t;object=o?pin-value=SECRETpin&x=1'],
  ['a password', 'login failed: password=SECRET1 user=x'],
  ['a JSON password', '{"password": "SECRET2"}'],
  ['an Authorization header', 'Authorization: Bearer SECRET3abcdef\nHost: x'],
  ['a basic header', 'authorization: Basic U0VDUkVUOlNFQ1JFVA=='],
  ['a bearer token alone', 'sent bearer SECRETabcdefgh'],
  ['a URL with credentials', 'GET https://user:SECRET4@server/x'],
])('%s is taken out of message, fields and the recent lines', async (_case, text) => {
  const { logger, sink } = make('json');
  logger.info(text);
  logger.info('field', { output: text });
  logger.info('named', { clientPassword: 'SECRET5', accessToken: 'SECRET6', pin: 1234 });
  const recent = logger.tail(null, 100_000);
  await logger.close();
  for (const place of [sink.text, recent]) {
    expect(place).not.toMatch(/SECRET|1234|U0VDUkVU/);
    expect(place).toMatch(/removed/);
  }
});

test('what is no secret stays readable', async () => {
  const text = 'https://server.example/path?a=b spinning pinned token ring key=value';
  expect(await written('journal', (logger) => logger.info(text))).toBe(`<6>${text}\n`);
});

test('a huge message is cut', async () => {
  const text = await written('journal', (logger) => logger.info('x'.repeat(1_000_000)));
  expect(text.length).toBeLessThan(9_000);
  expect(text).toContain('more characters');
});

test('the tail holds the newest lines of one update, oldest first, within its bytes', () => {
  const { logger } = make('journal');
  logger.info('without');
  for (let number = 1; number <= 300; number += 1) {
    logger.info(`line ${number}`, { correlationId: number % 2 === 0 ? 'even' : 'odd' });
  }
  const tail = logger.tail('even', 8_192);
  expect(Buffer.byteLength(tail)).toBeLessThanOrEqual(8_192);
  expect(Buffer.byteLength(tail)).toBeGreaterThan(8_000);
  expect(tail).not.toContain('odd');
  const lines = tail.trimEnd().split('\n');
  expect(lines.at(-1)).toContain('line 300 ');
  expect(lines.at(-2)).toContain('line 298 ');
  expect(logger.tail(null, 100_000)).toContain('without');
  expect(logger.tail('unknown', 8_192)).toBe('');
});

test('memory for recent lines is bounded, and the report has ordinary lines even where only errors are shown', () => {
  const { logger } = make('journal', 'error');
  logger.debug('detail', { correlationId: 'c' });
  for (let number = 1; number <= 3_000; number += 1) logger.info('y'.repeat(200), { correlationId: 'c' });
  const all = logger.tail('c', Number.MAX_SAFE_INTEGER);
  expect(Buffer.byteLength(all)).toBeLessThanOrEqual(131_072);
  expect(Buffer.byteLength(all)).toBeGreaterThan(120_000);
  expect(all).not.toContain('detail');
});

test('a reader that went away ends neither the program nor the later calls', async () => {
  const broken = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
  const logger = createLogger({ form: 'text', level: 'info', stream: broken, now });
  for (let round = 0; round < 50; round += 1) {
    logger.info('gone', { correlationId: 'c' });
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(logger.tail('c', 100_000).split('\n')).toHaveLength(51);
});
