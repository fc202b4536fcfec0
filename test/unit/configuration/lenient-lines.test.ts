import { readConfigurationText } from '../../../src/adapters/configuration/configuration-text.js';
import { readLenientLines } from '../../../src/adapters/configuration/lenient-lines.js';
import { suggestName } from '../../../src/domain/configuration/suggestion.js';

describe('the line form that aktualizr accepted', () => {
  test('bare values, comments, spaces, quotes', () => {
    const { content, lines, mistakes } = readLenientLines(
      '; comment\r\n# another\r\n[ pacman ]\r\ntype = none\r\n\r\n[p11]\nuptane_key_id = 03\npass="12 34" ; pin\nmodule = /usr/lib/a"b".so\nempty =\n',
    );
    expect(content).toEqual({
      pacman: { type: 'none' },
      p11: { uptane_key_id: '03', pass: '12 34', module: '/usr/lib/ab.so', empty: '' },
    });
    expect(lines.get('pacman.type')).toBe(4);
    expect(lines.get('p11')).toBe(6);
    expect(mistakes).toEqual([]);
  });

  test('what aktualizr refused is a mistake with its line', () => {
    const { mistakes, content } = readLenientLines('a = 1\n[x]\nb = 1\nb = 2\nnonsense\n[x]\nc = 3');
    expect(mistakes.map(({ line, reason }) => `${line} ${reason}`)).toEqual([
      '1 stands before the first section',
      '4 sets x.b again (first on line 3)',
      '5 is no section, no key and no comment',
      '6 opens section [x] again',
    ]);
    expect(content).toEqual({ x: { b: '1', c: '3' } });
  });

  test('names of Object.prototype are names', () => {
    const { content } = readLenientLines('[__proto__]\npolluted = 1\n[constructor]\n__proto__ = 2');
    expect(Object.keys(content)).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

test('a file in the line form is read with a notice, TOML without', () => {
  const lenient = readConfigurationText('a.toml', '[pacman]\ntype = none\n');
  expect(lenient.layer.content).toEqual({ pacman: { type: 'none' } });
  expect(lenient.problems).toMatchObject([{ severity: 'notice', line: 2, safety: false }]);
  const toml = readConfigurationText('a.toml', '[pacman]\ntype = "none" # comment\n');
  expect(toml.problems).toEqual([]);
  expect(toml.layer.content).toEqual({ pacman: { type: 'none' } });
});

test('a broken line in a section without safety keys is no safety mistake', () => {
  const { problems } = readConfigurationText('a.toml', '[logger]\nloglevel 3\n[storage]\npath /data\n');
  const broken = problems.filter(({ severity }) => severity === 'mistake');
  expect(broken.map(({ section, safety }) => [section, safety])).toEqual([
    ['logger', false],
    ['storage', true],
  ]);
});

test.each([
  ['polling_secs', 'polling_sec'],
  ['Polling_Sec', 'polling_sec'],
  ['poling_sek', 'polling_sec'],
  ['x', null],
  ['pollster', null],
  ['y'.repeat(100_000), null],
])('suggestion for %.20j', (typed, expected) => {
  expect(suggestName(typed, ['polling_sec', 'key_type', 'os'])).toBe(expected);
});
