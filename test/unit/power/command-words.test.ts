import fc from 'fast-check';
import { commandWords } from '../../../src/adapters/power/command-words.js';

const split = (command: string) => commandWords('bootloader.reboot_command', command);

test.each([
  ['/sbin/reboot', ['/sbin/reboot']],
  ['  systemctl   reboot\t--force ', ['systemctl', 'reboot', '--force']],
  ['sh -c "sleep 1; reboot"', ['sh', '-c', 'sleep 1; reboot']],
  ["a 'b \"c' d", ['a', 'b "c', 'd']],
  ['a ""', ['a', '']],
  ['a b\\ c', ['a', 'b c']],
  ['a "b\\"c\\\\d\\e"', ['a', 'b"c\\d\\e']],
  ["a'b'c", ['abc']],
  ['a $HOME *;|&', ['a', '$HOME', '*;|&']],
])('%s', (command, words) => {
  expect(split(command)).toEqual(words);
});

test.each(['', '   ', '""', 'reboot "now', "reboot 'now"])('%p is a mistake in the configuration', (command) => {
  expect(() => split(command)).toThrow(expect.objectContaining({ code: 'CONFIGURATION_INVALID' }) as Error);
});

test('words that are quoted come back as they were', () => {
  const quoted = (word: string) => `"${word.replace(/["\\]/g, '\\$&')}"`;
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), (rest) => {
      const words = ['command', ...rest];
      expect(split(words.map(quoted).join(' '))).toEqual(words);
    }),
  );
});
