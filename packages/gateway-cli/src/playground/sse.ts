/** An event of a stream of server-sent events (WHATWG HTML §9.2.6), as far as the feed uses them. */
export interface ServerSentEvent {
  name: string;
  data: string;
}

/** More than the largest snapshot has. */
const EVENT_CHARACTERS_MAX = 4 * 1024 * 1024;

/** Cuts a stream of text into events. */
export class EventParser {
  #rest = '';

  /** @throws where an event does not end. */
  push(text: string): ServerSentEvent[] {
    const parts = (this.#rest + text).split('\n\n');
    this.#rest = parts.pop() ?? '';
    if (this.#rest.length > EVENT_CHARACTERS_MAX) throw new Error('an event of the feed is too long');
    return parts.map(eventIn);
  }
}

function eventIn(part: string): ServerSentEvent {
  const event = { name: 'message', data: '' };
  for (const line of part.split('\n')) {
    if (line.startsWith('event: ')) event.name = line.slice(7);
    else if (line.startsWith('data: ')) event.data += line.slice(6);
  }
  return event;
}
