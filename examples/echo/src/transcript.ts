/** Writes what happens, one line each, with the seconds since the start before it. */
export class Transcript {
  constructor(
    private readonly write: (line: string) => void,
    private readonly elapsedMs: () => number,
  ) {}

  note(text: string): void {
    this.write(`[${(this.elapsedMs() / 1000).toFixed(3).padStart(8)}] ${text}`);
  }

  sent(name: string, envelope: object): void {
    this.note(`${name} → ${inWords(envelope)}`);
  }

  received(name: string, envelope: object): void {
    this.note(`${name} ← ${inWords(envelope)}`);
  }
}

/** An envelope on one line: its type, its other fields but the time, its payload as JSON. */
export function inWords(envelope: object): string {
  const { type, ts, payload, ...fields } = envelope as Record<string, unknown>;
  const words = [type, ...Object.entries(fields).map(([name, value]) => `${name}=${value}`)];
  if (payload !== undefined) words.push(JSON.stringify(payload));
  return words.join(' ');
}
