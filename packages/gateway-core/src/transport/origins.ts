/** Origins as a browser writes them in `Origin`: lower case, no default port, no path (RFC 6454 §6.2). */
export interface OriginList {
  includes(origin: string): boolean;
}

/** Marks, in the place of `*.`, the entry that is being looked at; no host has it by chance. */
const ANY_LABEL = 'any-subdomain.';
/** More than any host name has (RFC 1035 §2.3.4), with a scheme and a port. */
const ENTRY_CHARS_MAX = 300;
const SCHEME = /^[a-z][a-z0-9+.-]*$/;
/** What an app's origin has after its scheme: `localhost`, an extension's id, or nothing, as in `file://`. */
const APP_HOST = /^[\w.~-]*(:\d+)?$/;

/**
 * Compiles a list of allowed origins once, so that a handshake costs a look-up and not a walk over text.
 * @returns a sentence about the first entry that could never match, or would let in more than it seems to.
 */
export function compileOrigins(entries: readonly unknown[]): OriginList | string {
  const exact = new Set<string>();
  const patterns: { begin: string; end: string }[] = [];
  for (const entry of entries) {
    const problem = problemOf(entry);
    if (problem !== undefined) return problem;
    const [begin, end] = (entry as string).split('*');
    if (end === undefined) exact.add(entry as string);
    else patterns.push({ begin: begin as string, end });
  }
  return { includes: (origin: string) => exact.has(origin) || patterns.some((pattern) => isSubdomain(origin, pattern)) };
}

/** One label or more in the place of `*`. `end` begins with a dot, so another domain that only ends alike is none of it. */
function isSubdomain(origin: string, { begin, end }: { begin: string; end: string }): boolean {
  if (!origin.startsWith(begin) || !origin.endsWith(end)) return false;
  return /^[\w-]+(\.[\w-]+)*$/.test(origin.slice(begin.length, -end.length));
}

function problemOf(entry: unknown): string | undefined {
  if (entry instanceof RegExp) return `${entry} is no string; for rules of your own give a function in place of the list`;
  if (typeof entry !== 'string') return 'each entry must be a string like https://app.example';
  if (entry === 'null') return undefined;
  if (entry.length > ENTRY_CHARS_MAX)
    return `${JSON.stringify(entry.slice(0, 80))}… must have at most ${ENTRY_CHARS_MAX} characters`;
  const problem = problemOfText(entry);
  return problem === undefined ? undefined : `${JSON.stringify(entry)} ${problem}`;
}

function problemOfText(entry: string): string | undefined {
  if (entry === '*') return 'is no origin; to let every origin connect, leave allowedOrigins out';
  const [scheme = '', rest] = entry.split(/:\/\/(.*)/s);
  if (rest === undefined)
    return `must begin with a scheme, like https://${/^[\w.*-]+(:\d+)?$/.test(entry) ? entry : 'app.example'}`;
  if (/\s/.test(entry)) return 'must have no spaces';
  if (scheme.includes('*')) return 'must name its scheme; list one entry for each';
  if (/^wss?$/i.test(scheme))
    return `must be the origin of the page, not of the socket: ${scheme.toLowerCase() === 'ws' ? 'http' : 'https'}://…`;
  return /^https?$/i.test(scheme) ? problemOfWebOrigin(entry) : problemOfAppOrigin(scheme, rest);
}

function problemOfWebOrigin(entry: string): string | undefined {
  const isPattern = entry.includes('*');
  if (isPattern && !/^https?:\/\/\*\.[^*]+$/i.test(entry)) {
    return 'may have one *, in the place of the first labels of the host, like https://*.app.example; list each port';
  }
  const url = urlOf(entry.replace('*.', ANY_LABEL));
  if (url === undefined) return 'must be an origin like https://app.example';
  const origin = url.origin.replace(ANY_LABEL, '*.');
  if (entry !== origin) return `must be written as browsers send it: ${origin}`;
  // `https://*.com` would be nearly everybody. Which longer suffixes are open to all, like co.uk, is not known here.
  if (isPattern && !/\..+\.[^.]/.test(url.hostname) && !url.hostname.endsWith('.localhost')) {
    return 'must have a domain after the *, like https://*.app.example';
  }
  return undefined;
}

/** Apps and extensions have schemes of their own, whose hosts URL parsers leave as they are. */
function problemOfAppOrigin(scheme: string, rest: string): string | undefined {
  if (rest.includes('*')) return 'must be whole; only http and https origins may have a *';
  const bare = rest.replace(/[/?#].*$/s, '');
  if (!SCHEME.test(scheme.toLowerCase()) || !APP_HOST.test(bare)) return 'must be an origin like capacitor://localhost';
  if (scheme !== scheme.toLowerCase() || bare !== rest) {
    return `must be written as apps send it: ${scheme.toLowerCase()}://${bare}`;
  }
  return undefined;
}

function urlOf(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
