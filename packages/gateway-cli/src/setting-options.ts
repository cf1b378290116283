import { type Command, Option } from 'commander';
import type { Flags, Setting } from './setting.js';

/** The flags of a command that are settings: shown in its help, and collected as they were typed. */
export class SettingOptions {
  readonly #settings = new Map<Option, Setting>();
  readonly #command: Command;

  constructor(command: Command) {
    this.#command = command;
  }

  /** Adds a flag for every setting, under a heading of the help. */
  add(heading: string, table: Readonly<Record<string, Setting>>): void {
    this.#command.optionsGroup(heading);
    for (const setting of Object.values(table)) {
      const option = optionOf(setting);
      this.#settings.set(option, setting);
      this.#command.addOption(option);
    }
  }

  /** What was typed, from the `values` that commander hands to an action. */
  typed(values: Record<string, unknown>): Flags {
    const flags = new Map<string, string>();
    for (const [option, { flag }] of this.#settings) {
      const value = values[option.attributeName()];
      if (typeof value === 'string') flags.set(flag, value);
    }
    return flags;
  }
}

/** Without a default or a variable that commander would know: it collects what was typed, `readSettings` decides. */
function optionOf({ flag, argument, meaning, variable, fallback, fallbackText, repeatable }: Setting): Option {
  const option = new Option(`${flag} ${argument}`, `${meaning} (${variable}, default ${fallbackText ?? fallback})`);
  if (repeatable) option.argParser((text: string, earlier?: string) => (earlier === undefined ? text : `${earlier},${text}`));
  return option;
}
