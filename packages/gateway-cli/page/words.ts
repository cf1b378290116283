import { CLOSE_CODES, closeAction, ERROR_CODES } from 'gateway-protocol';

/** What RFC 6455 §7.1.5 and §7.4.1 say of codes that no gateway sends. */
const RESERVED: Record<string, string> = {
  '1005': 'closed without a code',
  '1006': 'the connection was lost: no close frame',
};
const CLOSES = new Map<string, string>(Object.values(CLOSE_CODES).map(({ code, meaning }) => [String(code), meaning]));

/** A close code in words. */
export function closeInWords(code: string): string {
  if (Number(code) >= 4900) return 'closed by the client, which drops and means to come back';
  return (CLOSES.get(code) ?? RESERVED[code] ?? 'a code of the application').replaceAll('`', '');
}

/** What a client is to do after it. */
export function actionAfter(code: string): string {
  return closeAction(Number(code));
}

/** The code of an `error` in words. */
export function errorInWords(code: string): string {
  return Object.hasOwn(ERROR_CODES, code) ? ERROR_CODES[code as keyof typeof ERROR_CODES].meaning.replaceAll('`', '') : '';
}
