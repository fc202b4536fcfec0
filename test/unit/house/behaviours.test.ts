import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../../..');

/** Lines of docs/behaviours.md: `- what it promises: \`test/file.test.ts\` "name of the test"`. */
const line = /^- .+: `(test\/[^`]+\.test\.ts)` "(.+)"$/;

describe('docs/behaviours.md', () => {
  const lines = readFileSync(join(root, 'docs/behaviours.md'), 'utf8')
    .split('\n')
    .filter((text) => text.startsWith('- '));

  it('has at least 100 behaviours', () => {
    expect(lines.length).toBeGreaterThanOrEqual(100);
  });

  it.each(lines)('%s', (text) => {
    const found = line.exec(text);
    if (found === null) throw new Error('the line names no test');
    const [, file = '', name = ''] = found;
    const source = readFileSync(join(root, file), 'utf8').replace(/\\'/g, "'");
    expect(source).toContain(name);
  });
});
