'use strict';

/**
 * Writes what of the documentation follows from the source (`npm run docs`); with `--check` it only says what drifted
 * (exit 1). Nothing here knows a default, a code or a state: it asks the very modules that the product runs.
 */
const fs = require('node:fs');
const path = require('node:path');
const { format, resolveConfig } = require('prettier');
const { generateValidators } = require('./generate-validators.js');
const { loadTypeScript } = require('./load-typescript.js');
const { stateDiagram } = require('./state-diagram.js');
const { writeGenerated } = require('./write-generated.js');

const root = path.join(__dirname, '..');
const source = (...names) => path.join(root, 'src', ...names);

/** In the form that `npm run lint` wants. */
async function jsonSchema(title, schema) {
  const text = { $schema: 'http://json-schema.org/draft-07/schema#', title, ...schema };
  return format(JSON.stringify(text), { ...(await resolveConfig(__filename)), parser: 'json' });
}

/** The part of a document between `<!-- generated: NAME -->` and `<!-- /generated -->`, replaced. */
function replaceBlock(text, name, block) {
  const marked = new RegExp(`(<!-- generated: ${name} -->\\n)[\\s\\S]*?(<!-- /generated -->)`);
  return marked.test(text) ? text.replace(marked, (_all, start, end) => `${start}\n${block}\n\n${end}`) : null;
}

/** docs/architecture.md with the diagram of today; nothing while there is no table or no document. */
function architecture() {
  const table = source('domain', 'update', 'machine.ts');
  const file = path.join(root, 'docs', 'architecture.md');
  if (!fs.existsSync(table) || !fs.existsSync(file)) {
    return [];
  }
  const { transitionTable } = loadTypeScript(table);
  const text = replaceBlock(fs.readFileSync(file, 'utf8'), 'states', stateDiagram(transitionTable));
  if (text === null) {
    throw new Error(
      'docs/architecture.md has no place for the states: <!-- generated: states --> … <!-- /generated -->',
    );
  }
  return [[file, text]];
}

async function generatedTexts() {
  const { shapes } = loadTypeScript(source('adapters', 'schema', 'shapes.ts'));
  const { configurationDocumentation } = loadTypeScript(source('domain', 'configuration', 'documentation.ts'));
  const { errorDocumentation } = loadTypeScript(source('domain', 'errors', 'documentation.ts'));
  return new Map([
    [path.join(root, 'docs', 'configuration.md'), configurationDocumentation()],
    [path.join(root, 'docs', 'errors.md'), errorDocumentation()],
    [
      path.join(root, 'config', 'configuration.schema.json'),
      await jsonSchema('sotad configuration file', shapes.configurationFile.schema),
    ],
    [
      path.join(root, 'config', 'status-1.schema.json'),
      await jsonSchema('sotad status document, version 1', shapes.statusDocument.schema),
    ],
    ...architecture(),
    ...generateValidators(),
  ]);
}

module.exports = { generatedTexts, replaceBlock };

if (require.main === module) {
  void generatedTexts().then((texts) => {
    process.exitCode = writeGenerated(texts, process.argv.slice(2));
  });
}
