import { CLOSE_CODES, closeAction, ERROR_CODES } from 'gateway-protocol';
import type { CodeRow } from './wire.js';

/** Codes that are counted each; a client chooses its close code. */
const CODES_MAX = 64;

/** What RFC 6455 §7.4.1 says of codes that are never sent, and the contract of those by which clients close. */
const OTHER_CLOSES: ReadonlyMap<number, string> = new Map([
  [1005, 'closed without a code'],
  [1006, 'the connection was lost: no close frame'],
]);
const CLOSES: ReadonlyMap<number, string> = new Map(Object.values(CLOSE_CODES).map(({ code, meaning }) => [code, meaning]));

/** A close code in words. */
export function closeInWords(code: number): string {
  const words = CLOSES.get(code) ?? OTHER_CLOSES.get(code);
  if (words !== undefined) return words.replaceAll('`', '');
  return code >= 4900 ? 'closed by the client, which may come back as who it was' : 'a code of the application';
}

function errorInWords(code: string): string {
  return Object.hasOwn(ERROR_CODES, code) ? ERROR_CODES[code as keyof typeof ERROR_CODES].meaning.replaceAll('`', '') : '';
}

/** Counts closes and errors by their codes. */
export class Codes {
  readonly #rows = new Map<string, CodeRow>();

  get rows(): CodeRow[] {
    return [...this.#rows.values()];
  }

  closed(code: number): void {
    this.#count('close', String(code), () => ({ words: closeInWords(code), action: closeAction(code) }));
  }

  refused(code: string): void {
    this.#count('error', code, () => ({ words: errorInWords(code) }));
  }

  #count(kind: CodeRow['kind'], code: string, describe: () => Pick<CodeRow, 'words' | 'action'>): void {
    const id = `${kind} ${code}`;
    const row = this.#rows.get(id);
    if (row !== undefined) row.times += 1;
    else if (this.#rows.size < CODES_MAX || code === OTHERS) this.#rows.set(id, { kind, code, times: 1, ...describe() });
    else this.#count(kind, OTHERS, () => ({ words: 'other codes' }));
  }
}

const OTHERS = 'others';
