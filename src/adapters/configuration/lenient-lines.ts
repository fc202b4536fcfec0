/**
 * The line form that aktualizr accepted (aktualizr.md 1.1): its files end in .toml but were read as INI, so values
 * need no quotes, `;` begins a comment line, and nobody minded `uptane_key_id = 03`.
 * Pure, never throws; also used to find the line of a key in files that are real TOML.
 */

export interface LenientReading {
  /** Raw texts by section and key. */
  readonly content: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Line numbers, from 1, by `section` and `section.key`; the first occurrence. */
  readonly lines: ReadonlyMap<string, number>;
  readonly mistakes: readonly LineMistake[];
}

export interface LineMistake {
  readonly line: number;
  /** The section that the line stands in; null before the first one. */
  readonly section: string | null;
  /** null where the line holds no key. */
  readonly key: string | null;
  /** In words that follow "line N ". */
  readonly reason: string;
}

/** Reads a file line by line. */
export function readLenientLines(text: string): LenientReading {
  const content = new Map<string, Map<string, string>>();
  const lines = new Map<string, number>();
  const mistakes: LineMistake[] = [];
  let section: string | null = null;
  for (const [index, whole] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    const number = index + 1;
    const line = whole.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) {
      continue;
    }
    const header = /^\[\s*([^\]]*?)\s*\]\s*(?:[#;].*)?$/.exec(line);
    if (header !== null) {
      section = unquote(header[1] ?? '');
      rememberSection(section, number, content, lines, mistakes);
      continue;
    }
    const equals = line.indexOf('=');
    const key = equals <= 0 ? null : unquote(line.slice(0, equals).trim());
    if (key === null || section === null) {
      mistakes.push({ line: number, section, key, reason: whyUseless(key) });
      continue;
    }
    const keys = content.get(section) ?? new Map<string, string>();
    const name = `${section}.${key}`;
    if (keys.has(key)) {
      mistakes.push({
        line: number,
        section,
        key,
        reason: `sets ${name} again (first on line ${lines.get(name) ?? 0})`,
      });
      continue;
    }
    keys.set(key, bareValue(line.slice(equals + 1).trim()));
    lines.set(name, number);
  }
  return { content: plain(content), lines, mistakes };
}

function whyUseless(key: string | null): string {
  return key === null ? 'is no section, no key and no comment' : 'stands before the first section';
}

function rememberSection(
  section: string,
  line: number,
  content: Map<string, Map<string, string>>,
  lines: Map<string, number>,
  mistakes: LineMistake[],
): void {
  if (content.has(section)) {
    mistakes.push({ line, section, key: null, reason: `opens section [${section}] again` });
    return;
  }
  content.set(section, new Map());
  lines.set(section, line);
}

/** A quoted text without what follows it; else the whole rest of the line without quotation marks, as aktualizr did. */
function bareValue(text: string): string {
  const quoted = /^(?:"([^"]*)"|'([^']*)')\s*(?:[#;].*)?$/.exec(text);
  return quoted === null ? text.replaceAll('"', '') : (quoted[1] ?? quoted[2] ?? '');
}

function unquote(name: string): string {
  return /^"[^"]*"$|^'[^']*'$/.test(name) ? name.slice(1, -1) : name;
}

function plain(content: ReadonlyMap<string, ReadonlyMap<string, string>>): LenientReading['content'] {
  return Object.fromEntries([...content].map(([section, keys]) => [section, Object.fromEntries(keys)]));
}
