import type { JsonSchema } from '../json/shape.js';
import type { KeyDefinition } from './key-definition.js';
import { sectionDefinitions } from './schema.js';

/**
 * The JSON schema of a configuration file, for editors and tests: as strict as the documentation, where the daemon
 * itself also takes numbers in quotes and the like.
 */
export function configurationFileSchema(): JsonSchema {
  const sections = [...sectionDefinitions].map(([section, { doc, keys }]): [string, JsonSchema] => {
    const properties = Object.entries(keys).map(([key, definition]): [string, JsonSchema] => [
      key,
      keySchema(definition),
    ]);
    return [
      section,
      { type: 'object', description: doc, additionalProperties: false, properties: Object.fromEntries(properties) },
    ];
  });
  return {
    type: 'object',
    description: 'Configuration of sotad, docs/configuration.md.',
    additionalProperties: false,
    properties: Object.fromEntries(sections),
  };
}

function keySchema(definition: KeyDefinition): JsonSchema {
  const described = {
    description: definition.doc,
    ...(definition.default === null ? {} : { default: definition.default }),
  };
  switch (definition.type) {
    case 'boolean':
      return { ...described, type: 'boolean' };
    case 'integer':
      return { ...described, type: 'integer', minimum: definition.minimum, maximum: definition.maximum };
    case 'choice':
      return { ...described, enum: definition.choices.filter((choice) => isAvailable(definition, choice)) };
    case 'url':
      return { ...described, type: 'string', pattern: '^(https?://[^/?#@\\s]+(/[^?#\\s]*)?)?$' };
    case 'hexadecimal':
      return { ...described, type: 'string', pattern: '^([0-9a-fA-F]{2})*$' };
    case 'text':
    case 'path':
      return { ...described, type: 'string', pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f]*$' };
  }
}

function isAvailable(definition: Extract<KeyDefinition, { type: 'choice' }>, choice: string): boolean {
  return definition.unavailable === undefined || !Object.hasOwn(definition.unavailable, choice);
}
