import type { WireClient } from './wire-client.js';

interface Command {
  argument: string;
  meaning: string;
  /** @returns what to say. */
  run(client: WireClient, argument: string): string | undefined;
}

/** What a line that begins with `/` does. */
const COMMANDS: Readonly<Record<string, Command>> = {
  join: {
    argument: '<group>',
    meaning: 'join a group',
    run: (client, group) => (group === '' ? '/join takes a group' : void client.join(group)),
  },
  leave: {
    argument: '[group]',
    meaning: 'leave a group',
    run: (client, group) => (client.group === undefined ? 'in no group' : void client.leave(group || client.group)),
  },
  groups: {
    argument: '',
    meaning: 'the groups that it is in, and where it stands',
    run: ({ positions }) =>
      [...positions]
        .map(([group, at]) => `${group} ${at === undefined ? 'not yet' : `${at.epoch.slice(0, 4)}:${at.seq}`}`)
        .join(', ') || 'none',
  },
  drop: { argument: '', meaning: 'lose the connection, and come back', run: (client) => void client.drop() },
  ping: {
    argument: '',
    meaning: 'a heartbeat, and how long its answer takes',
    run: (client) => (client.ping() ? undefined : 'not connected'),
  },
  close: {
    argument: '[code]',
    meaning: 'close with a code, 1000 by default: leave',
    run: (client, code) => {
      const value = code === '' ? 1000 : Number(code);
      if (value !== 1000 && !(Number.isInteger(value) && value >= 3000 && value <= 4999))
        return '/close takes 1000, or 3000 to 4999';
      client.close(value);
      return undefined;
    },
  },
};

export const COMMAND_HELP = Object.entries(COMMANDS)
  .map(([name, { argument, meaning }]) => `/${name} ${argument}`.trim().padEnd(16) + meaning)
  .join('\n');

/** @returns what to say; nothing where what it does shows. */
export function runCommand(client: WireClient, line: string): string | undefined {
  const [, name = '', argument = ''] = /^\/(\S*)\s*(.*)$/.exec(line) ?? [];
  if (name === 'help') return COMMAND_HELP;
  if (!Object.hasOwn(COMMANDS, name)) return `there is no /${name}; see /help`;
  return COMMANDS[name]?.run(client, argument.trim());
}
