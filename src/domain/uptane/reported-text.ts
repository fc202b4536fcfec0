/**
 * A text for people as it goes into a manifest: printable ASCII, tabs and line feeds; all else as `\uxxxx`.
 * The servers of this family print a manifest anew before they verify it, and leave characters outside of ASCII as they
 * are (circe's `noSpaces`), where the ancestor escaped them: one such character, and the signature would not fit.
 */
export function reportedText(text: string): string {
  return text.replace(/[^\t\n -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
