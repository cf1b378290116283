/** A client of the playground, as far as code that does the same needs it. */
export interface ClientSetup {
  url: string;
  name: string;
  clientType: string;
  group: string;
  hasToken: boolean;
}

/** The ways in which a client is written down. */
export const CODE_KINDS = { client: 'JavaScript', react: 'React', curl: 'curl, as the server' } as const;
export type CodeKind = keyof typeof CODE_KINDS;

const text = (value: string) => JSON.stringify(value);

/** Code that does what a client of the playground does. */
export function codeOf(kind: CodeKind, setup: ClientSetup): string {
  const { url, name, clientType, group, hasToken } = setup;
  const options = [
    `url: ${text(url)},`,
    ...(clientType === 'app-client' ? [] : [`clientType: ${text(clientType)},`]),
    `metadata: { name: ${text(name)} },`,
    ...(hasToken ? ["token: async () => (await fetch('/token')).text(),"] : []),
  ];
  const client = `const client = createClient({\n${options.map((line) => `  ${line}`).join('\n')}\n});`;
  if (kind === 'curl') {
    const at = new URL('/playground/publish', url.replace(/^ws/, 'http')).href;
    const body = JSON.stringify({ groupId: group, data: { text: 'hello' } }).replaceAll("'", '\\u0027');
    return `curl ${at} -H 'content-type: application/json' -d '${body}'`;
  }
  if (kind === 'react') {
    return [
      "import { createClient } from 'gateway-client';",
      "import { GatewayProvider, useGroup } from 'gateway-client/react';",
      '',
      client,
      '',
      'function Room() {',
      `  const group = useGroup(${text(group)});`,
      "  return <button onClick={() => group.publish({ text: 'hello' })}>say hello</button>;",
      '}',
      '',
      'export const App = () => <GatewayProvider client={client}><Room /></GatewayProvider>;',
    ].join('\n');
  }
  return [
    "import { createClient } from 'gateway-client';",
    '',
    client,
    `const group = client.join(${text(group)});`,
    "group.on('message', ({ data, own }) => console.log(own ? 'me' : 'other', data));",
    "group.on('sync', ({ outcome, replayed }) => console.log(outcome, replayed));",
    'client.status.subscribe(({ state }) => console.log(state));',
    "const { seq } = await group.publish({ text: 'hello' });",
    "console.log('in the log at', seq);",
  ].join('\n');
}
