import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { read, root } from '../tidy/tree.js';
import { flagsIn, outputOfCli, variablesIn } from './cli.js';
import { blocksOf, codeIn, documents, proseOf } from './markdown.js';

const { packageManager, scripts } = JSON.parse(read('package.json'));
/** What pnpm does by itself. */
const PNPM_COMMANDS = ['install', 'pack', 'add', 'exec'];

/** Programs of the machine, or of somebody else: what they take is not this project's to know. */
const OTHERS = [
  'amtool',
  'apt-get',
  'certbot',
  'cp',
  'curl',
  'echo',
  'export',
  'install',
  'kubectl',
  'mkdir',
  'nginx',
  'node',
  'npm',
  'openssl',
  'pm2',
  'printf',
  'promtool',
  'sed',
  'sleep',
  'systemctl',
];

/** A command as documents write it, and where. */
interface Command {
  where: string;
  line: string;
}

const shellLines: Command[] = documents.flatMap((document) =>
  blocksOf(document)
    .filter(({ language }) => ['sh', 'bash', 'shell', 'console'].includes(language))
    .flatMap(({ text, line }) =>
      text
        .replaceAll('\\\n', ' ')
        .split('\n')
        .filter((one) => one !== '' && !one.startsWith('#'))
        .map((one) => ({ where: `${document}:${line}`, line: one })),
    ),
);
const inline: Command[] = documents.flatMap((document) =>
  codeIn(proseOf(document))
    .filter((code) => /^(npx|pnpm|yarn|npm|node|docker|bash|sh|gateway-cli) /.test(code))
    .map((line) => ({ where: document, line })),
);

let help: string;
beforeAll(async () => {
  const commands = [['--help'], ...['serve', 'health', 'bench', 'connect', 'top'].map((command) => [command, '--help'])];
  help = (await Promise.all(commands.map((argv) => outputOfCli(...argv)))).join('');
});

/** What is wrong with a command. */
function faultOf(line: string): string | undefined {
  const [, assignments = '', command = ''] = line.match(/^((?:[A-Z_]+=\S+ )*)(.*)$/) ?? [];
  const variable = assignments.match(/[A-Z_]+(?==)/g)?.find((name) => !help.includes(name));
  if (variable !== undefined) return `no variable ${variable}`;
  const [first = '', ...rest] = command.split(' ');
  if (first === 'npx' && rest[0] === '-y') return rest[1] === packageManager ? pnpmFault(rest.slice(2)) : `not ${packageManager}`;
  if (first === 'npx') return faultOf(rest.join(' '));
  if (first === 'gateway-cli') {
    const known = [...flagsIn(help), '--version'];
    const [subcommand = ''] = rest;
    if (!subcommand.startsWith('-') && !new RegExp(`^ +${subcommand} `, 'm').test(help)) return `no command ${subcommand}`;
    return flagsIn(command).find((flag) => !known.includes(flag));
  }
  if (first === 'docker') return dockerFault(rest);
  if (OTHERS.includes(first)) return undefined;
  if (first === 'bash' || first === 'sh') return scriptFault(rest[0] ?? '', flagsIn(command));
  return scriptFault(first, flagsIn(command));
}

function dockerFault([subcommand, ...rest]: string[]): string | undefined {
  if (subcommand === 'compose') return existsSync(join(root, 'docker-compose.yml')) ? undefined : 'no file docker-compose.yml';
  const target = rest[rest.indexOf('--target') + 1];
  return subcommand === 'build' && read('Dockerfile').includes(` AS ${target}\n`) ? undefined : 'neither compose nor a target';
}

/** `--filter PATTERN` may come before the name of a script. */
function pnpmFault(words: string[]): string | undefined {
  const rest = words[0] === '--filter' ? words.slice(2) : words;
  const name = rest[0] === 'run' ? rest[1] : rest[0];
  if (name === undefined) return undefined;
  if (PNPM_COMMANDS.includes(name) || Object.hasOwn(scripts, name)) return undefined;
  return `no script ${name}`;
}

function scriptFault(path: string, flags: string[]): string | undefined {
  if (!existsSync(join(root, path))) return `no file ${path}`;
  accessSync(join(root, path), constants.X_OK);
  return flags.find((flag) => !read(path).includes(flag));
}

test('the two commands of README.md are its first', () => {
  const first = shellLines.filter(({ where }) => where.startsWith('README.md')).slice(0, 2);
  expect(first.map(({ line }) => line)).toEqual([`npx -y ${packageManager} start`, `npx -y ${packageManager} test`]);
});

test('every command line in a document runs something that exists', () => {
  expect(shellLines.length).toBeGreaterThan(8);
  const faults = shellLines.map(({ where, line }) => [where, line, faultOf(line)]).filter(([, , fault]) => fault !== undefined);
  expect(faults).toEqual([]);
});

test('every command inside a sentence runs something that exists', () => {
  expect(inline.length).toBeGreaterThan(8);
  // In a sentence `pnpm` stands for the whole of it; a line to be typed is written out.
  const written = inline.map(({ where, line }) => ({ where, line: line.replace(/^pnpm /, `npx -y ${packageManager} `) }));
  const faults = written.map(({ where, line }) => [where, line, faultOf(line)]).filter(([, , fault]) => fault !== undefined);
  expect(faults).toEqual([]);
});

test.each([
  ['npx -y pnpm@1.0.0 start', 'not pnpm@'],
  [`npx -y ${packageManager} strat`, 'no script strat'],
  ['GW_PROT=1 gateway-cli serve', 'no variable GW_PROT'],
  ['gateway-cli sevre', 'no command sevre'],
  ['gateway-cli serve --heart-beat', '--heart-beat'],
  ['infra/nginx/certs.sh', 'no file'],
  ['yarn dev', 'no file yarn'],
])('`%s` would be noticed', (line, fault) => {
  expect(faultOf(line)).toContain(fault);
});

describe('flags and variables named in sentences', () => {
  /** Where a flag that is not the gateway's comes from. */
  const others = () => flagsIn(read('infra/nginx/make-certs.sh'));

  test.each(documents)('%s: they exist', (document) => {
    const codes = codeIn(proseOf(document)).filter((code) => !/^(npx|pnpm|docker|npm) /.test(code));
    const flags = codes.flatMap(flagsIn).filter((flag) => ![...flagsIn(help), ...others()].includes(flag));
    expect(flags).toEqual([]);
    const known = variablesIn(help);
    expect(variablesIn(read(document)).filter((name) => !known.includes(name))).toEqual([]);
  });
});
