/** One line of a Dockerfile, continuations joined. */
export interface Instruction {
  name: string;
  /** Like `--from=build`. */
  flags: string[];
  /** What follows the flags. */
  rest: string;
}

/** The stages of a Dockerfile, each beginning with its `FROM`; what stands before the first is left out. */
export function stagesOf(dockerfile: string): Instruction[][] {
  const stages: Instruction[][] = [];
  const joined = dockerfile.replace(/^\s*#.*\n/gm, '').replace(/\\\n\s*/g, '');
  for (const line of joined.split('\n').filter((text) => text.trim() !== '')) {
    const [name = '', ...words] = line.trim().split(/ +/);
    const flags = words.slice(
      0,
      words.findIndex((word) => !word.startsWith('--')),
    );
    const instruction = { name: name.toUpperCase(), flags, rest: words.slice(flags.length).join(' ') };
    if (instruction.name === 'FROM') stages.push([]);
    stages.at(-1)?.push(instruction);
  }
  return stages;
}

/** What the instructions of a name say, in their order. */
export function all(stage: Instruction[], name: string): Instruction[] {
  return stage.filter((instruction) => instruction.name === name);
}

/** What the one instruction of a name says. */
export function one(stage: Instruction[], name: string): Instruction {
  const [instruction, ...others] = all(stage, name);
  if (instruction === undefined || others.length > 0)
    throw new Error(`the stage has ${others.length + (instruction ? 1 : 0)} ${name}`);
  return instruction;
}

/** `ENV A=1 B=2`. */
export function environmentOf(stage: Instruction[]): Record<string, string> {
  const pairs = all(stage, 'ENV').flatMap(({ rest }) => rest.split(' '));
  return Object.fromEntries(pairs.map((pair) => pair.split('=', 2) as [string, string]));
}

/** Whether a `.dockerignore` leaves a path out: the last pattern that names it, or a folder above it, decides; `!` takes it in again. */
export function ignores(patterns: string[], path: string): boolean {
  const last = patterns.findLast((pattern) => expressionOf(pattern.replace(/^!/, '')).test(path));
  return last !== undefined && !last.startsWith('!');
}

/** `*` is anything but a slash, `**` any folders, or none. */
function expressionOf(pattern: string): RegExp {
  const text = pattern.split(/(\*\*\/|\*)/).map((part) => {
    if (part === '**/') return '(.*/)?';
    return part === '*' ? '[^/]*' : part.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${text.join('')}(/|$)`);
}
