const TOKEN =
  /(\s+|--(?!\[\[)[^\n]*)|([A-Za-z_]\w*)|(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|('(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")|(\.\.\.|\.\.|==|~=|<=|>=|[-+*/%#<>=(){}[\];,.])/y;
const KEYWORDS = new Set(
  'and break do else elseif end false for function if in local nil not or repeat return then true until while'.split(' '),
);
/** Binary operators by how tightly they bind, on their left and on their right. */
const BINDS: Readonly<Record<string, readonly [number, number]>> = {
  or: [1, 2],
  and: [3, 4],
  ...Object.fromEntries(['<', '>', '<=', '>=', '~=', '=='].map((op) => [op, [5, 6]])),
  '..': [8, 7],
  '+': [9, 10],
  '-': [9, 10],
  '*': [11, 12],
  '/': [11, 12],
  '%': [11, 12],
};
const UNARY = 13;

/** An expression in JavaScript. A call may have any number of values. */
interface Expression {
  readonly code: string;
  readonly isCall?: boolean;
}

const single = ({ code, isCall }: Expression) => (isCall === true ? `first(${code})` : code);

/** Values of a list: those of a call at its end are all taken. */
function listed(list: readonly Expression[]): string {
  return list.map((one, at) => (one.isCall === true && at === list.length - 1 ? `...all(${one.code})` : single(one))).join(', ');
}

/**
 * Makes JavaScript of Lua 5.1, as far as scripts of Redis use it: no metatables, methods, `goto`, varargs or globals of their own. What it does not
 * know is an error. What it calls is `HELPERS` of `runtime.ts`.
 */
export function translate(source: string, globals: ReadonlySet<string>): string {
  return new Translator(source, globals).chunk();
}

class Translator {
  readonly #tokens: string[] = [];
  #at = 0;
  #names = 0;
  /** What each name stands for, the innermost block last. */
  readonly #scopes: Map<string, string>[] = [];
  /** Of the function that is being read. */
  #temporaries: string[] = [];

  constructor(
    source: string,
    private readonly globals: ReadonlySet<string>,
  ) {
    for (TOKEN.lastIndex = 0; TOKEN.lastIndex < source.length; ) {
      const from = TOKEN.lastIndex;
      const found = TOKEN.exec(source);
      if (found === null) throw new SyntaxError(`Lua that is not known here: ${source.slice(from, from + 20)}`);
      if (found[1] === undefined) this.#tokens.push(found[0]);
    }
  }

  chunk(): string {
    const code = this.#body([]);
    if (this.#at < this.#tokens.length) throw new SyntaxError(`unexpected ${this.#next}`);
    return code;
  }

  get #next(): string {
    return this.#tokens[this.#at] ?? '<end>';
  }

  #take(expected?: string): string {
    const token = this.#next;
    if (expected !== undefined && token !== expected) throw new SyntaxError(`${expected} expected, not ${token}`);
    this.#at += 1;
    return token;
  }

  #takes(token: string): boolean {
    if (this.#next !== token) return false;
    this.#at += 1;
    return true;
  }

  #name(): string {
    const name = this.#take();
    if (!/^[A-Za-z_]/.test(name) || KEYWORDS.has(name)) throw new SyntaxError(`a name expected, not ${name}`);
    return name;
  }

  #declare(name: string): string {
    this.#names += 1;
    const code = `${name}$${this.#names}`;
    this.#scopes.at(-1)?.set(name, code);
    return code;
  }

  #temporary(): string {
    this.#names += 1;
    const code = `t$${this.#names}`;
    this.#temporaries.push(code);
    return code;
  }

  /** A function's: its parameters and its statements. */
  #body(parameters: readonly string[]): string {
    const outer = this.#temporaries;
    this.#temporaries = [];
    this.#scopes.push(new Map());
    const declared = parameters.map((name) => this.#declare(name));
    const statements = this.#block();
    this.#scopes.pop();
    const temporaries = this.#temporaries.length > 0 ? `let ${this.#temporaries.join(', ')};\n` : '';
    this.#temporaries = outer;
    return parameters.length === 0 ? temporaries + statements : `(${declared.join(', ')}) => {\n${temporaries}${statements}}`;
  }

  #function(): string {
    this.#take('(');
    const parameters: string[] = [];
    while (!this.#takes(')')) {
      parameters.push(this.#name());
      this.#takes(',');
    }
    const code = this.#body(parameters);
    this.#take('end');
    return parameters.length === 0 ? `() => {\n${code}}` : code;
  }

  #block(): string {
    this.#scopes.push(new Map());
    let code = '';
    while (!['end', 'else', 'elseif', 'until', '<end>'].includes(this.#next)) code += `${this.#statement()};\n`;
    this.#scopes.pop();
    return code;
  }

  #statement(): string {
    if (this.#takes('local')) return this.#takes('function') ? this.#localFunction() : this.#local();
    if (this.#takes('if')) return this.#if();
    if (this.#takes('for')) return this.#for();
    if (this.#takes('do')) {
      const body = this.#block();
      this.#take('end');
      return `{\n${body}}`;
    }
    if (this.#takes('while')) {
      const condition = single(this.#expression());
      this.#take('do');
      const body = this.#block();
      this.#take('end');
      return `while (isTrue(${condition})) {\n${body}}`;
    }
    if (this.#takes('break')) return 'break';
    if (this.#takes('return')) {
      if (['end', 'else', 'elseif', '<end>'].includes(this.#next)) return 'return []';
      const list = this.#list();
      return list.length === 1 ? `return ${list[0]?.code}` : `return [${listed(list)}]`;
    }
    return this.#assignmentOrCall();
  }

  #localFunction(): string {
    const code = this.#declare(this.#name());
    return `const ${code} = ${this.#function()}`;
  }

  #local(): string {
    const names = [this.#name()];
    while (this.#takes(',')) names.push(this.#name());
    const list = this.#takes('=') ? this.#list() : [];
    const declared = names.map((name) => this.#declare(name));
    if (list.length === 0) return `let ${declared.join(', ')}`;
    if (names.length === 1 && list.length === 1) return `let ${declared[0]} = ${single(list[0] as Expression)}`;
    return `let [${declared.join(', ')}] = [${listed(list)}]`;
  }

  #if(): string {
    const condition = single(this.#expression());
    this.#take('then');
    const then = `if (isTrue(${condition})) {\n${this.#block()}}`;
    if (this.#takes('elseif')) return `${then} else {\n${this.#if()}}`;
    const otherwise = this.#takes('else') ? ` else {\n${this.#block()}}` : '';
    this.#take('end');
    return then + otherwise;
  }

  #for(): string {
    const names = [this.#name()];
    while (this.#takes(',')) names.push(this.#name());
    const isNumeric = names.length === 1 && this.#next === '=';
    this.#take(isNumeric ? '=' : 'in');
    const list = this.#list();
    this.#take('do');
    this.#scopes.push(new Map());
    const declared = names.map((name) => this.#declare(name));
    const [from, to, step] = list.map((one) => `num(${single(one)})`);
    const end = this.#temporary();
    const head = isNumeric
      ? `${end} = ${to}; for (let ${declared[0]} = ${from}; ${declared[0]} <= ${end}; ${declared[0]} += ${step ?? 1})`
      : `for (const [${declared.join(', ')}] of iterate(${single(list[0] as Expression)}))`;
    const body = this.#block();
    this.#scopes.pop();
    this.#take('end');
    return `${head} {\n${body}}`;
  }

  #assignmentOrCall(): string {
    const targets = [this.#suffixed()];
    if (targets[0]?.isCall === true) return targets[0].code;
    while (this.#takes(',')) targets.push(this.#suffixed());
    this.#take('=');
    const list = this.#list();
    // What is assigned to is worked out before anything is assigned.
    const places = targets.map(({ code, place }) => {
      if (place === undefined) return { before: '', assign: (value: string) => `${code} = ${value}` };
      const [table, key] = [this.#temporary(), this.#temporary()];
      return {
        before: `${table} = ${place[0]}; ${key} = ${place[1]}; `,
        assign: (value: string) => `set(${table}, ${key}, ${value})`,
      };
    });
    const before = places.map((place) => place.before).join('');
    const [one] = list;
    if (places.length === 1 && list.length === 1 && one !== undefined) return before + places[0]?.assign(single(one));
    const values = this.#temporary();
    const assigned = places.map(({ assign }, at) => assign(`${values}[${at}]`)).join('; ');
    return `${before}${values} = [${listed(list)}]; ${assigned}`;
  }

  #list(): Expression[] {
    const list = [this.#expression()];
    while (this.#takes(',')) list.push(this.#expression());
    return list;
  }

  #expression(least = 0): Expression {
    let left = this.#unary();
    for (;;) {
      const op = this.#next;
      const [onLeft, onRight] = BINDS[op] ?? [-1, -1];
      if (onLeft <= least) return left;
      this.#take();
      const [one, other] = [single(left), single(this.#expression(onRight - 1))];
      left = { code: this.#binary(op, one, other) };
    }
  }

  #binary(op: string, one: string, other: string): string {
    switch (op) {
      case 'and':
      case 'or': {
        const value = this.#temporary();
        return op === 'and'
          ? `(isTrue(${value} = ${one}) ? ${other} : ${value})`
          : `(isTrue(${value} = ${one}) ? ${value} : ${other})`;
      }
      case '==':
        return `(${one} === ${other})`;
      case '~=':
        return `(${one} !== ${other})`;
      case '<':
        return `less(${one}, ${other})`;
      case '>':
        return `less(${other}, ${one})`;
      case '<=':
        return `most(${one}, ${other})`;
      case '>=':
        return `most(${other}, ${one})`;
      case '..':
        return `concat(${one}, ${other})`;
      case '%':
        return `(num(${one}) - Math.floor(num(${one}) / num(${other})) * num(${other}))`;
      default:
        return `(num(${one}) ${op} num(${other}))`;
    }
  }

  #unary(): Expression {
    if (this.#takes('not')) return { code: `!isTrue(${single(this.#expression(UNARY))})` };
    if (this.#takes('#')) return { code: `length(${single(this.#expression(UNARY))})` };
    if (this.#takes('-')) return { code: `(-num(${single(this.#expression(UNARY))}))` };
    const token = this.#next;
    if (token === 'nil' || token === 'true' || token === 'false') return { code: this.#take() === 'nil' ? 'undefined' : token };
    if (/^\d/.test(token)) return { code: this.#take() };
    if (/^['"]/.test(token)) return { code: JSON.stringify(textOf(this.#take())) };
    if (this.#takes('function')) return { code: `(${this.#function()})` };
    if (token === '{') return { code: this.#table() };
    return this.#suffixed();
  }

  #table(): string {
    this.#take('{');
    const items: Expression[] = [];
    const fields: string[] = [];
    while (!this.#takes('}')) {
      if (this.#takes('[')) {
        const key = single(this.#expression());
        this.#take(']');
        this.#take('=');
        fields.push(`[${key}, ${single(this.#expression())}]`);
      } else if (this.#tokens[this.#at + 1] === '=') {
        const key = JSON.stringify(this.#name());
        this.#take('=');
        fields.push(`[${key}, ${single(this.#expression())}]`);
      } else items.push(this.#expression());
      if (!this.#takes(',')) this.#takes(';');
    }
    return `new Table([${listed(items)}]${fields.length > 0 ? `, [${fields.join(', ')}]` : ''})`;
  }

  /** A name or an expression in brackets, and what is asked of it: fields and calls. */
  #suffixed(): Expression & { place?: readonly [table: string, key: string] } {
    let one: Expression & { place?: readonly [string, string] };
    if (this.#takes('(')) {
      one = { code: `(${single(this.#expression())})` };
      this.#take(')');
    } else {
      const name = this.#name();
      const local = this.#scopes.findLast((scope) => scope.has(name))?.get(name);
      if (local === undefined && !this.globals.has(name)) throw new SyntaxError(`a global that scripts do not have: ${name}`);
      one = { code: local ?? name };
    }
    for (;;) {
      const isField = this.#takes('.');
      if (isField || this.#takes('[')) {
        const key = isField ? JSON.stringify(this.#name()) : single(this.#expression());
        if (!isField) this.#take(']');
        const table = single(one);
        one = { code: `index(${table}, ${key})`, place: [table, key] };
      } else if (this.#takes('(')) {
        const list = this.#next === ')' ? [] : this.#list();
        this.#take(')');
        one = { code: `${single(one)}(${listed(list)})`, isCall: true };
      } else return one;
    }
  }
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t' };

function textOf(literal: string): string {
  return literal.slice(1, -1).replace(/\\(\d{1,3}|.)/gs, (_, escaped: string) => {
    return /^\d/.test(escaped) ? String.fromCharCode(Number(escaped)) : (ESCAPES[escaped] ?? escaped);
  });
}
