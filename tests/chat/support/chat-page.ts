import type { BrowserContext, Locator, Page } from 'playwright-core';

/** A page of the chat, as somebody uses it. */
export class ChatPage {
  /** What the page wrote to the console as an error, or threw. */
  readonly errors: string[] = [];
  readonly connection: Locator;
  readonly people: Locator;
  readonly typing: Locator;
  readonly lines: Locator;
  readonly box: Locator;

  constructor(
    readonly page: Page,
    readonly name: string,
  ) {
    page.on('pageerror', ({ message }) => this.errors.push(message));
    page.on('console', (message) => {
      // What the browser writes by itself about a connection that failed is no error of the page.
      if (message.type() === 'error' && !/WebSocket connection|Failed to load resource/.test(message.text())) {
        this.errors.push(message.text());
      }
    });
    this.connection = page.locator('.connection');
    this.people = page.getByRole('complementary', { name: 'People' }).getByRole('listitem');
    this.typing = page.locator('.typing');
    this.lines = page.getByRole('log').getByRole('listitem');
    this.box = page.getByRole('textbox');
  }

  /** Opens the chat, gives a name by the form, and waits until it is online. */
  static async open(context: BrowserContext, origin: string, name: string): Promise<ChatPage> {
    const chat = new ChatPage(await context.newPage(), name);
    await chat.page.goto(origin);
    await chat.page.getByLabel('Your name').fill(name);
    await chat.page.keyboard.press('Enter');
    await chat.isOnline();
    return chat;
  }

  async isOnline(): Promise<void> {
    await this.connection.and(this.page.locator('[data-state=online]')).waitFor();
  }

  /** Writes and sends, by keys alone. */
  async say(text: string): Promise<void> {
    await this.box.fill(text);
    await this.box.press('Enter');
  }

  /** What stands in the room, in its order. */
  texts(): Promise<string[]> {
    return this.lines.locator('.text').allTextContents();
  }

  /** What became of the messages. */
  fates(): Promise<string[]> {
    return this.page
      .locator('[data-fate]:visible')
      .evaluateAll((lines) => lines.map((line) => line.getAttribute('data-fate') ?? ''));
  }

  /** Places at which the page says that something may be missing. */
  holes(): Promise<number> {
    return this.page.getByText('Some messages may be missing here').count();
  }

  /** The page's own switch. */
  async switchNetwork(): Promise<void> {
    await this.page.getByRole('switch', { name: 'Drop my network' }).click();
  }
}
