/** A URL as it may be logged: without a query, in which there may be a key of another kind. */
export function shownUrl(text: string): string {
  const url = new URL(text);
  if (url.search !== '') url.search = '?***';
  url.hash = '';
  return url.href;
}
