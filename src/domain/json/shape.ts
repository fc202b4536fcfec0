/**
 * Shapes of our own JSON documents: one value gives the TypeScript type (`TypeOf`) and the JSON schema, from which a
 * validator is compiled ahead of time (adapters/schema). Members that a newer version added are allowed, so that
 * programs of two versions can talk. Uptane metadata are not read this way: their numbers must keep their text.
 */
export interface Shape<Value> {
  readonly schema: JsonSchema;
  /** Only for the type; never there. */
  readonly type?: Value;
}

export type JsonSchema = Readonly<Record<string, unknown>>;

/** The TypeScript type of the values of a shape. */
export type TypeOf<Described> = Described extends Shape<infer Value> ? Value : never;

/** A text of at most so many characters. */
export function text(description: string, maximumLength = 4096): Shape<string> {
  return { schema: { type: 'string', maxLength: maximumLength, description } };
}

/** A moment, ISO 8601 in UTC, such as 2025-01-31T08:00:00Z. */
export function moment(description: string): Shape<string> {
  const pattern = '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?Z$';
  return { schema: { type: 'string', pattern, description } };
}

/** A whole number that is never negative. */
export function count(description: string, maximum = Number.MAX_SAFE_INTEGER): Shape<number> {
  return { schema: { type: 'integer', minimum: 0, maximum, description } };
}

export function flag(description: string): Shape<boolean> {
  return { schema: { type: 'boolean', description } };
}

/** Exactly this value. */
export function exactly<const Value extends string | number>(value: Value): Shape<Value> {
  return { schema: { const: value } };
}

/** For shapes that have one JSON type; its other demands concern only values of that type. */
export function nullable<Value>(shape: Shape<Value>): Shape<Value | null> {
  return { schema: { ...shape.schema, type: [shape.schema['type'], 'null'] } };
}

export function list<Value>(element: Shape<Value>, maximum: number, description: string): Shape<readonly Value[]> {
  return { schema: { type: 'array', items: element.schema, maxItems: maximum, description } };
}

type Members<Shapes> = { readonly [Name in keyof Shapes]: TypeOf<Shapes[Name]> };

/** An object with these members, all of them required; others are allowed and ignored. */
export function object<const Shapes extends Readonly<Record<string, Shape<unknown>>>>(
  description: string,
  members: Shapes,
): Shape<Members<Shapes>> {
  const properties = Object.fromEntries(Object.entries(members).map(([name, { schema }]) => [name, schema]));
  return { schema: { type: 'object', description, required: Object.keys(members), properties } };
}

/** An object whose names are free. */
export function record<Value>(element: Shape<Value>, description: string): Shape<Readonly<Record<string, Value>>> {
  return { schema: { type: 'object', additionalProperties: element.schema, description } };
}

/** A value that any of the shapes has. */
export function anyOf<const Shapes extends readonly Shape<unknown>[]>(
  description: string,
  shapes: Shapes,
): Shape<TypeOf<Shapes[number]>> {
  return { schema: { description, anyOf: shapes.map(({ schema }) => schema) } };
}
