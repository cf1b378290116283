import { readdirSync, readFileSync } from 'node:fs';
import { CLIENT_TYPES, CLOSE_CODES, closeAction, DELIVERY_MODES, decode, ERROR_CODES, PROTOCOL_LIMITS } from 'gateway-protocol';
import { describe, expect, test } from 'vitest';
import { GATEWAY_FIELDS, RESET_REASONS, SINCE_FORMS, SYNC_OUTCOMES } from './gateway-messages.js';
import { accepted, FULL_MESSAGES } from './messages.js';

const root = new URL('../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
/** Without the ids of its rules, which tests/docs/rules.test.ts has an eye on. */
const text = read('PROTOCOL.md').replaceAll(/ \[[RC]\d+\]/g, '');
const headings = [...text.matchAll(/^#+ (.+)$/gm)].map((match) => match[1]!);

/** The text from a heading to the next of any level. */
function section(heading: string): string {
  const found = text.split(/^(?=#+ )/m).find((part) => part.replace(/^#+ /, '').startsWith(`${heading}\n`));
  if (found === undefined) throw new Error(`no section ${heading}`);
  return found;
}

/** The cells of each row of the table with these columns, without the marks of code. */
function table(heading: string, columns: string): string[][] {
  const lines = section(heading).split('\n');
  const start = lines.indexOf(`| ${columns} |`);
  if (start === -1) throw new Error(`no table ${columns} in ${heading}`);
  const end = lines.findIndex((line, index) => index > start && !line.startsWith('|'));
  // A `|` inside a cell would be read as two cells, and the row then differs from the source.
  return lines.slice(start + 2, end).map((line) => line.slice(2, -2).split(' | '));
}

const bare = (cell: string | undefined) => cell?.replaceAll('`', '');

describe('the tables of PROTOCOL.md say what the source says', () => {
  test('error codes: exactly these, with status, retryable and meaning', () => {
    const source = Object.entries(ERROR_CODES).map(([code, { status, retryable, meaning }]) => [
      `\`${code}\``,
      String(status),
      retryable ? 'yes' : 'no',
      meaning,
    ]);
    expect(table('Error codes', 'code | status | retryable | meaning')).toStrictEqual(source);
  });

  test('close codes: exactly these, with action and meaning', () => {
    const source = Object.values(CLOSE_CODES).map(({ code, action, meaning }) => [String(code), action, meaning]);
    expect(table('Close codes', 'code | action | meaning')).toStrictEqual(source);
  });

  test('close codes that are not sent today: exactly those that gateway-core does not name', () => {
    const said = section('Close codes')
      .match(/^Not sent today: ([^.]+)\./m)?.[1]
      ?.match(/\d{4}/g);
    const core = sources('packages/gateway-core/src/').map(read).join();
    const unnamed = Object.entries(CLOSE_CODES).filter(([name]) => !core.includes(`CLOSE_CODES.${name}`));
    // The host's `disconnect` takes 1000 as a number.
    expect(said).toStrictEqual(unnamed.map(([, { code }]) => String(code)).filter((code) => code !== '1000'));
  });

  test('ranges of close codes: closeAction goes by them', () => {
    for (const [range, action] of table('Close codes', 'range | action | a client then')) {
      const codes =
        range === 'any other'
          ? [1000, 1001, 1005, 1006, 1011, 1012, 1013, 3000, 4300, 4400]
          : range!.match(/\d{4}/g)!.map(Number);
      for (const code of codes) expect(closeAction(code), String(code)).toBe(action);
    }
  });

  test('limits: exactly these, with their values', () => {
    const rows = table('Limits', 'limit | default | what it bounds').map(([name, value]) => [bare(name), Number(value)]);
    expect(rows).toStrictEqual(Object.entries(PROTOCOL_LIMITS));
  });

  test('signals of a client, delivery modes and client types: exactly these', () => {
    const signals = table('Client to gateway', 'type | dialect | payload | effect').map(([type]) => bare(type));
    expect(signals).toStrictEqual(Object.keys(FULL_MESSAGES));
    const modes = table('Delivery', '`delivery` | a receiver that is behind').map(([mode]) => bare(mode)!.split(' ')[0]);
    expect(modes).toStrictEqual([...DELIVERY_MODES]);
    expect(section('identify')).toContain(
      `\`clientType\` is \`${CLIENT_TYPES[0]}\`, \`${CLIENT_TYPES[1]}\` or \`${CLIENT_TYPES[2]}\`.`,
    );
  });
});

describe('the signals of the gateway', () => {
  /** `{ id, seq? }` as `id` and `seq?`, of every object in a cell. */
  const fieldsIn = (cell = '') => [...cell.matchAll(/`\{ ([^`]*) \}`/g)].flatMap((match) => match[1]!.split(', '));
  const rows = table('Gateway to client', 'type | dialect | payload');

  test('are exactly these', () => {
    expect(rows.map(([type]) => bare(type))).toStrictEqual(Object.keys(GATEWAY_FIELDS));
  });

  test.each(rows)('%s of dialect %s has the fields of its type', (type = '', dialect, payload) => {
    const fields = GATEWAY_FIELDS[bare(type) as keyof typeof GATEWAY_FIELDS];
    expect(fieldsIn(payload).map((field) => field.replace('?', ''))).toStrictEqual(Object.keys(fields));
    // What is of dialect 2 and always there in it may still be absent in a type that both dialects share.
    const always = Object.entries(fields).filter(([, mark]) => mark === '');
    expect(fieldsIn(payload)).toEqual(expect.arrayContaining(always.map(([name]) => name)));
    if (dialect === '2') expect(fieldsIn(payload)).toStrictEqual(Object.entries(fields).map(([name, mark]) => name + mark));
  });

  test('ready: each field that dialect 2 adds is explained', () => {
    const said = table('ready', 'field | meaning').map(([name]) => bare(name));
    const { connectionId, heartbeat, presence, ...added } = GATEWAY_FIELDS.ready;
    expect(said).toStrictEqual(Object.keys(added));
  });

  test('outcomes and reasons of a sync, and forms of since: exactly these', () => {
    expect(table('sync', '`outcome` | meaning').map(([outcome]) => bare(outcome))).toStrictEqual(SYNC_OUTCOMES);
    expect(table('sync', '`reason` | meaning').map(([reason]) => bare(reason))).toStrictEqual(RESET_REASONS);
    const forms = SINCE_FORMS.map((since) => `{ ${Object.keys(since).join(', ')} }`);
    expect(table('since', '`since` | asks for').map(([form]) => bare(form))).toStrictEqual(forms);
    for (const since of SINCE_FORMS) {
      const join = { type: 'join', payload: { groupId: 'g', since } };
      expect(accepted(decode(JSON.stringify(join)))).toStrictEqual(join);
    }
  });

  test('limits that prose repeats have their values', () => {
    const { resumeGroupsMax, tailMax, presenceStateBytesMax } = PROTOCOL_LIMITS;
    expect(section('Resume')).toContain(`It has at most ${resumeGroupsMax.toLocaleString('en')} entries.`);
    expect(section('since')).toContain(`\`tail\` is an integer of 1 to ${tailMax.toLocaleString('en')}.`);
    expect(section('presence state')).toContain(`(default ${presenceStateBytesMax})`);
  });
});

describe('the examples of PROTOCOL.md', () => {
  const examples = [...text.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map((match) => match[1]!);
  const parsed = examples.map((example) => ({ example, message: JSON.parse(example) as { type: string; seq?: number } }));
  const fromClient = parsed.filter(({ message }) => message.type in FULL_MESSAGES && message.seq === undefined);
  const fromGateway = parsed.filter((one) => !fromClient.includes(one));

  test('show every signal of a client, and decode takes each whole', () => {
    expect(new Set(fromClient.map(({ message }) => message.type))).toStrictEqual(new Set(Object.keys(FULL_MESSAGES)));
    for (const { example, message } of fromClient) expect(accepted(decode(example))).toEqual(message);
  });

  test('show every signal of the gateway, each with a time and no field that its type has not', () => {
    expect(new Set(fromGateway.map(({ message }) => message.type))).toStrictEqual(new Set(Object.keys(GATEWAY_FIELDS)));
    for (const { message, example } of fromGateway) {
      expect(message).toHaveProperty('ts', expect.any(Number));
      const fields = GATEWAY_FIELDS[message.type as keyof typeof GATEWAY_FIELDS];
      const { payload } = JSON.parse(example);
      expect(Object.keys(fields)).toEqual(expect.arrayContaining(Object.keys(payload)));
      const always = Object.entries(fields).filter(([, mark]) => mark === '');
      expect(Object.keys(payload)).toEqual(expect.arrayContaining(always.map(([name]) => name)));
    }
  });

  test('name the group of a presence_update, sync and gap on the envelope as in the payload', () => {
    const named = fromGateway.map(({ example }) => JSON.parse(example)).filter(({ payload }) => payload.groupId !== undefined);
    expect(new Set(named.map(({ type }) => type))).toStrictEqual(new Set(['presence_update', 'sync', 'gap']));
    for (const { groupId, payload } of named) expect(groupId).toBe(payload.groupId);
  });

  test('show an error as decode words it', () => {
    const shown = fromGateway.find(({ message }) => message.type === 'error')?.message as unknown as { payload: object };
    const decoded = decode('{"type":"leave","id":"m-18","groupId":["g"]}');
    const { code, message, inReplyTo } = decoded.ok ? ({} as never) : decoded.error;
    const { status, retryable } = ERROR_CODES.INVALID_ENVELOPE;
    expect(shown.payload).toStrictEqual({ code, message, status, retryable, inReplyTo });
  });
});

describe('references', () => {
  const anchors = headings.map((heading) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );

  test('the sections that others link to are there, and no two share an anchor', () => {
    const stable = [
      'envelope',
      'ids',
      'limits',
      'rate-limits',
      'delivery',
      'presence',
      'sessions',
      'dialects',
      'resume',
      'since',
      'sync',
      'gap',
      'reconnect',
      'acknowledgements',
      'members-of-a-group',
      'resume-tokens',
      'error-codes',
      'close-codes',
      'handshake',
    ];
    expect(anchors).toEqual(expect.arrayContaining(stable));
    expect(new Set(anchors).size).toBe(anchors.length);
  });

  test('every link inside PROTOCOL.md leads to a section', () => {
    const links = [...text.matchAll(/\]\(#([^)]+)\)/g)].map((match) => match[1]);
    expect(links.length).toBeGreaterThan(10);
    expect(anchors).toEqual(expect.arrayContaining(links));
  });

  test('every section that a comment of the sources names is there', () => {
    const named = readdirSync(new URL('packages/', root))
      .flatMap((name) => sources(`packages/${name}/src/`))
      .flatMap((path) => [...read(path).matchAll(/PROTOCOL\.md, "([^"]+)"/g)].map((match) => match[1]));
    expect(named).toContain('Close codes');
    expect(headings).toEqual(expect.arrayContaining(named));
  });
});

function sources(folder: string): string[] {
  const names = readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.ts')).map((name) => folder + name);
}
