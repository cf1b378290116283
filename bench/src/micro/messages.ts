/** JSON of about `bytes` characters as applications send it: texts, numbers and names in rows of one shape. */
function rowsOfSize(bytes: number, label: string): string {
  const row = (i: number) => ({ id: `item-${i}`, x: i * 1.5, y: -i, label, visible: true });
  const rows = [row(0)];
  while (JSON.stringify(rows).length < bytes) rows.push(row(rows.length));
  return JSON.stringify(rows);
}

/** A `data_update` as a client sends it, whose data is `dataText`. */
export function dataUpdate(dataText: string): string {
  return `{"type":"data_update","ts":1700000000000,"groupId":"group-1","payload":{"data":${dataText}}}`;
}

/** 128 bytes of JSON. */
export const SMALL_DATA = JSON.stringify('x'.repeat(126));
/** 16 KiB of JSON, with escapes. */
export const LARGE_DATA = rowsOfSize(16 * 1024, 'a "quoted" word');
/** The same, but of characters that take two bytes each in V8, and more than one in UTF-8. */
export const LARGE_WIDE_DATA = rowsOfSize(16 * 1024, 'ein „Wort“ 🙂');
