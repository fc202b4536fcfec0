/** Base64 as RFC 4648 section 4 writes it and nothing more lenient: signatures have one text. */

const form = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** @returns the bytes, or null for junk, missing padding and bits that nothing stands for. */
export function decodeBase64(text: string): Uint8Array | null {
  if (!form.test(text)) return null;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let bits = 0;
  let kept = 0;
  let position = 0;
  for (let index = 0; index < text.length - padding; index += 1) {
    kept = ((kept << 6) | alphabet.indexOf(text.charAt(index))) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[position] = (kept >> bits) & 0xff;
      position += 1;
    }
  }
  return (kept & ((1 << bits) - 1)) === 0 ? bytes : null;
}
