import type { OutgoingToClient } from 'gateway-protocol';
import { inWords, Transcript } from './transcript.js';
import type { EchoClient, World } from './world.js';

/** Something of the scenario did not happen. The message names it, on one line. */
export class EchoFailure extends Error {
  override readonly name = 'EchoFailure';
}

/** What the scenario does and expects, written down as it happens. */
export class Stage {
  readonly #transcript: Transcript;
  readonly #timeoutMs: number;

  constructor(
    private readonly world: World,
    { write, timeoutMs }: { write: (line: string) => void; timeoutMs: number },
  ) {
    this.#transcript = new Transcript(write, () => world.elapsedMs());
    this.#timeoutMs = timeoutMs;
  }

  newId(): string {
    return this.world.newId();
  }

  send(client: EchoClient, envelope: { type: string } & Record<string, unknown>): void {
    client.send(envelope);
    this.#transcript.sent(client.name, envelope);
  }

  close(client: EchoClient): void {
    client.close();
    this.#transcript.note(`${client.name} closes`);
  }

  /** The next message that `isIt`. What comes before it is an error, but on a gateway that others use, where it is theirs. */
  async expect<Message extends OutgoingToClient>(
    client: EchoClient,
    what: string,
    isIt: (message: OutgoingToClient) => message is Message,
  ): Promise<Message> {
    const { name } = client;
    let found: Message | undefined;
    const passedOver: OutgoingToClient[] = [];
    const settled = () => {
      while (found === undefined && client.inbox.length > 0) {
        const message = client.inbox.shift() as OutgoingToClient;
        if (isIt(message)) found = message;
        else passedOver.push(message);
      }
      return found !== undefined || client.ended !== undefined || passedOver.some((message) => this.#isWrong(message));
    };
    await this.world.until(settled, this.#timeoutMs);
    const wrong = passedOver.find((message) => this.#isWrong(message));
    if (found === undefined || wrong !== undefined) {
      // The close says more than what came before it, unless that is the reason for the close.
      const instead = wrong?.type === 'error' || client.ended === undefined || found !== undefined ? wrong : undefined;
      throw new EchoFailure(`${name} did not receive ${what}${instead ? ` but ${inWords(instead)}` : `: ${this.#why(client)}`}`);
    }
    this.#transcript.received(name, found);
    return found;
  }

  /** The connection ends with `code`, and nothing more comes before that. */
  async expectEnd(client: EchoClient, code: number): Promise<void> {
    await this.world.until(() => client.ended !== undefined, this.#timeoutMs);
    const { name, ended, inbox } = client;
    if (ended?.code !== code) {
      throw new EchoFailure(`${name} was not closed with ${code}: ${this.#why(client)}`);
    }
    const wrong = inbox.find((message) => this.#isWrong(message));
    if (wrong !== undefined) throw new EchoFailure(`${name} received ${inWords(wrong)}, which nothing called for`);
    this.#transcript.note(`${name} is closed with ${code}`);
  }

  /** Looks up the session where the gateway is at hand; no message of dialect 1 tells of sessions. */
  async showSession(groupId: string, sessionId: string): Promise<void> {
    const { gateway } = this.world;
    if (gateway === undefined) return;
    const session = (await gateway.sessions(groupId)).find((one) => one.sessionId === sessionId);
    if (session === undefined) throw new EchoFailure(`the gateway has no record of session ${sessionId}`);
    this.#transcript.note(`gateway: session ${sessionId} ${JSON.stringify(session.meta)}`);
  }

  async closeGateway(): Promise<void> {
    this.#transcript.note('gateway closes');
    let closed = false;
    const closing = this.world.gateway?.close({ graceMs: this.#timeoutMs }).then(() => {
      closed = true;
    });
    if (!(await this.world.until(() => closed, this.#timeoutMs, closing))) throw new EchoFailure('the gateway did not close');
  }

  #why({ ended }: EchoClient): string {
    return ended?.why ?? `nothing came in ${this.#timeoutMs} ms`;
  }

  #isWrong(message: OutgoingToClient): boolean {
    return this.world.gateway !== undefined || message.type === 'error';
  }
}
