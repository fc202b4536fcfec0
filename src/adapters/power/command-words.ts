import { SotaError } from '../../domain/errors/sota-error.js';

/**
 * Splits a configured command into words: white space separates, single and double quotes and a backslash keep it.
 * Nothing else of a shell: no variables, no globs, no pipes.
 * @param key the configuration key, for the message.
 * @throws SotaError CONFIGURATION_INVALID for an open quote or no word at all.
 */
export function commandWords(key: string, command: string): readonly string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let index = 0; index < command.length; index += 1) {
    const character = command.charAt(index);
    const next = command.charAt(index + 1);
    if (quote !== null) {
      if (character === quote) quote = null;
      else if (character === '\\' && quote === '"' && (next === '"' || next === '\\')) {
        word = (word ?? '') + next;
        index += 1;
      } else word = (word ?? '') + character;
    } else if (character === '"' || character === "'") {
      quote = character;
      word ??= '';
    } else if (character === '\\' && next !== '') {
      word = (word ?? '') + next;
      index += 1;
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + character;
  }
  if (quote !== null)
    throw new SotaError('CONFIGURATION_INVALID', { message: `${key}: the quote ${quote} is not closed` });
  if (word !== null) words.push(word);
  if ((words[0] ?? '') === '') throw new SotaError('CONFIGURATION_INVALID', { message: `${key} names no command` });
  return words;
}
