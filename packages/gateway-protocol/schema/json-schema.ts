/** As much of JSON Schema draft-07 as the contract is written in. */
export interface JsonSchema {
  $ref?: string;
  title?: string;
  description?: string;
  type?: 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean';
  const?: string | boolean;
  enum?: readonly string[];
  pattern?: string;
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  items?: JsonSchema;
  maxItems?: number;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  propertyNames?: JsonSchema;
  additionalProperties?: JsonSchema | boolean;
  maxProperties?: number;
  dependencies?: Record<string, string[]>;
  not?: JsonSchema;
  anyOf?: JsonSchema[];
  if?: JsonSchema;
  then?: JsonSchema;
  else?: JsonSchema;
}

/** What a field holds, and whether it may be absent. */
interface Field<Optional extends boolean> {
  schema: JsonSchema;
  optional: Optional;
}

/** A field for each of a type's, with the same mark: the compiler refuses one too many, one too few, and a wrong mark. */
export type FieldsOf<Type> = {
  [Name in keyof Required<Type>]: Field<object extends Pick<Type, Name> ? true : false>;
};

/** A field that is always there. */
export function required(schema: JsonSchema, description?: string): Field<false> {
  return { schema: described(schema, description), optional: false };
}

/** A field that may be absent. */
export function optional(schema: JsonSchema, description?: string): Field<true> {
  return { schema: described(schema, description), optional: true };
}

/** An object with the fields of `Type`. It stays open: a receiver ignores fields that it does not know (PROTOCOL.md, "Envelope"). */
export function objectOf<Type extends object>(description: string, fields: FieldsOf<Type>, more: JsonSchema = {}): JsonSchema {
  const entries = Object.entries<Field<boolean>>(fields);
  const always = entries.filter(([, field]) => !field.optional).map(([name]) => name);
  return {
    ...described({}, description),
    type: 'object',
    ...(always.length > 0 && { required: always }),
    properties: Object.fromEntries(entries.map(([name, { schema }]) => [name, schema])),
    ...more,
  };
}

/** Points to a shared definition. */
export function ref(name: string): JsonSchema {
  return { $ref: `#/definitions/${name}` };
}

export function listOf(items: JsonSchema, more: JsonSchema = {}): JsonSchema {
  return { type: 'array', items, ...more };
}

export function oneOf(values: readonly string[]): JsonSchema {
  return { type: 'string', enum: [...values] };
}

/** In draft-07 nothing beside a `$ref` counts, so a description stands there only where there is none. */
function described(schema: JsonSchema, description: string | undefined): JsonSchema {
  return !description || schema.$ref !== undefined ? schema : { description, ...schema };
}
