/**
 * What a schema expects at a place: its keys, its secrets, whether text is wanted. Asked of the JSON schema that zod makes
 * of it, so that optional, piped and refined schemas need no special case.
 */
import { z } from "zod";

export interface JsonSchema {
  [keyword: string]: unknown;
  type?: string | string[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  additionalProperties?: boolean | JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  allOf?: JsonSchema[];
  const?: unknown;
  description?: string;
  /** `.meta({ secret: true })`: never shown. */
  secret?: boolean;
  /** A bare number here is a mistake of its own, never text. */
  hasUnit?: boolean;
}

/** The schema of what may stand in the file, before defaults and transforms. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
}

/** The schemas that may apply to `value`; of alternatives told apart by a constant (`kind`) only those it names. */
export function alternatives(schema: JsonSchema | undefined, value: unknown): JsonSchema[] {
  if (!schema) return [];
  const choices = [...schema.anyOf ?? [], ...schema.oneOf ?? []];
  const named = choices.filter((choice) => isNamedBy(choice, value));
  const parts = [...named.length > 0 ? named : choices, ...schema.allOf ?? []];
  return [schema, ...parts.flatMap((part) => alternatives(part, value))];
}

function isNamedBy(choice: JsonSchema, value: unknown): boolean {
  if (!isRecord(value)) return false;
  const constants = Object.entries(choice.properties ?? {}).filter(([, property]) => property.const !== undefined);
  return constants.length > 0 && constants.every(([key, property]) => property.const === value[key]);
}

/** The keys allowed in `value`; undefined where any is. */
export function knownKeys(schema: JsonSchema, value: unknown): string[] | undefined {
  const shapes = alternatives(schema, value);
  const isOpen = shapes.some(({ additionalProperties: more }) => more === true || isRecord(more));
  const keys = shapes.flatMap((shape) => Object.keys(shape.properties ?? {}));
  return isOpen || keys.length === 0 ? undefined : [...new Set(keys)];
}

/** What the schema says about the value below `step`. */
export function childSchema(
  schema: JsonSchema | undefined,
  value: unknown,
  step: string | number,
): JsonSchema | undefined {
  const found = alternatives(schema, value).flatMap((shape) => {
    if (typeof step === "number") return shape.items ? [shape.items] : [];
    if (shape.properties && Object.hasOwn(shape.properties, step)) return [shape.properties[step] ?? {}];
    return isRecord(shape.additionalProperties) ? [shape.additionalProperties as JsonSchema] : [];
  });
  return found.length > 1 ? { anyOf: found } : found[0];
}

/** Whether only text fits here. */
export function wantsText(schema: JsonSchema | undefined): boolean {
  const types = alternatives(schema, undefined).flatMap(({ type }) => type ?? []);
  return types.length > 0 && types.every((type) => type === "string");
}

const secretNames =
  /^(password|passphrase|apikey|token|accesscode|secret)$|(password|apikey|token|accesscode|secret)$/i;

/** Whether what stands under this key is never to be shown: by its name, or because its schema says so. */
export function isSecretField(key: string | number | undefined, schema?: JsonSchema): boolean {
  return alternatives(schema, undefined).some(({ secret }) => secret === true) ||
    typeof key === "string" && secretNames.test(key.replaceAll(/[_-]/g, ""));
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
