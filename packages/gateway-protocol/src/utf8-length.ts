/**
 * Bytes that `text` takes in UTF-8. A lone surrogate counts as the three bytes of U+FFFD, which every encoder writes for it.
 * @example
 * utf8Length('é'); // 2
 */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const char = text.charCodeAt(index);
    if (char < 0x80) continue;
    bytes += char < 0x800 ? 1 : 2;
    if (char >= 0xd800 && char <= 0xdbff) {
      const next = text.charCodeAt(index + 1);
      if (next >= 0xdc00 && next <= 0xdfff) {
        // A pair is two code units and four bytes: the first unit has counted three of them, the second, skipped, one.
        index += 1;
      }
    }
  }
  return bytes;
}
