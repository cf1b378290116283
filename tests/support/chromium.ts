import { existsSync } from 'node:fs';
import { type Browser, chromium, type LaunchOptions } from 'playwright-core';

const PATH = '/usr/bin/chromium';
/** No sandbox, because tests may run as root; and nothing that would make traffic of its own. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Why nothing can be tried in Chromium here; `undefined`: it can. */
export const noChromium = existsSync(PATH) ? undefined : `there is no ${PATH}; Debian’s package is chromium`;

export function launchChromium(options: LaunchOptions = {}): Promise<Browser> {
  return chromium.launch({ executablePath: PATH, args: FLAGS, ...options });
}
