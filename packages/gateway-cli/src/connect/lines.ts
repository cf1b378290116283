/** A line longer than any message may be is none. */
const LINE_CHARACTERS_MAX = 4 * 1024 * 1024;

/** The lines of a stream, as they come. @throws where one does not end. */
export async function* linesOf(input: AsyncIterable<string | Buffer>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of input) {
    const parts = (rest + (typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }))).split(/\r?\n/);
    rest = parts.pop() ?? '';
    if (rest.length > LINE_CHARACTERS_MAX) throw new Error('a line is too long');
    yield* parts;
  }
  rest += decoder.decode();
  if (rest !== '') yield rest;
}

/** What somebody typed as data: JSON where it is, else a string. */
export function dataIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
