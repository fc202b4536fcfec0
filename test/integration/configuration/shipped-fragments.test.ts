import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { ConfigurationLoader } from '../../../src/adapters/configuration/load-configuration.js';
import { validateConfigurationFile } from '../../../src/adapters/schema/validate-configuration-file.js';
import { readConfigurationText } from '../../../src/adapters/configuration/configuration-text.js';

const folder = join(__dirname, '..', '..', '..', 'config');
const fragments = readdirSync(folder).filter((name) => name.endsWith('.toml'));
const loader = new ConfigurationLoader({
  hostname: 'board',
  readGatewayUrl: () => Promise.resolve('https://gateway.example'),
});

test('there are some', () => expect(fragments.length).toBeGreaterThan(3));

test.each(fragments)('%s has no mistake, changes something and passes the schema for editors', async (name) => {
  const path = join(folder, name);
  const loaded = await loader.load({ paths: [path] });
  expect(loaded.problems).toEqual([]);
  expect([...loaded.provenance.values()].filter(({ kind }) => kind === 'file').length).toBeGreaterThan(0);
  const text = readFileSync(path, 'utf8');
  expect(readConfigurationText(path, text).problems).toEqual([]);
  expect(validateConfigurationFile(parse(text)).ok).toBe(true);
});
