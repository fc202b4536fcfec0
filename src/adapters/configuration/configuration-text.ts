import { parse, TomlError } from 'smol-toml';
import { findKey, sectionDefinitions } from '../../domain/configuration/schema.js';
import { sectionHoldsSafety, type ConfigurationLayer } from '../../domain/configuration/layer.js';
import type { ConfigurationProblem } from '../../domain/configuration/problem.js';
import { readLenientLines, type LineMistake } from './lenient-lines.js';

export interface TextReading {
  readonly layer: ConfigurationLayer;
  readonly problems: readonly ConfigurationProblem[];
}

/**
 * One file's text as a layer: TOML, else the line form that aktualizr accepted. A file is never dropped as a whole:
 * what can be read of it counts, and each line that can't is a problem. Never throws.
 */
export function readConfigurationText(source: string, text: string): TextReading {
  const lenient = readLenientLines(text);
  try {
    return { layer: { source, content: parse(text), lines: lenient.lines }, problems: [] };
  } catch (error) {
    const layer = { source, content: lenient.content, lines: lenient.lines };
    return { layer, problems: [formNotice(source, error), ...lenient.mistakes.map((one) => lineProblem(source, one))] };
  }
}

/** Not a mistake by itself: files that served aktualizr for years look like this. */
function formNotice(source: string, error: unknown): ConfigurationProblem {
  const where = error instanceof TomlError ? { line: error.line, text: firstLine(error.message) } : null;
  return {
    severity: 'notice',
    safety: false,
    source,
    line: where?.line ?? null,
    section: null,
    key: null,
    reason: `this is no TOML (${where?.text ?? 'unreadable'}); it was read in aktualizr's line form`,
    suggestion: null,
  };
}

/** A line that can't be read may have been meant for a safety key, unless its section has none. */
function lineProblem(source: string, mistake: LineMistake): ConfigurationProblem {
  const { section, key, line } = mistake;
  const known = section !== null && sectionDefinitions.has(section);
  const definition = section !== null && key !== null ? findKey(section, key) : undefined;
  const safety = definition === undefined ? !known || sectionHoldsSafety(section) : definition.safety === true;
  return {
    severity: 'mistake',
    safety,
    source,
    line,
    section,
    key,
    reason: `line ${line} ${mistake.reason}`,
    suggestion: null,
  };
}

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? '';
}
