/**
 * The JSON schema of filagram.yaml (draft 2020-12), for editors that complete and check while one types.
 */
import type { SealedChannel } from "../channels/channel.ts";
import type { SealedDriver } from "../drivers/driver.ts";
import { z } from "zod";
import { agentSchema, channelSchema, maxEntries, printerSchema, ruleSchema, webSchema } from "./file_schema.ts";
import { isRecord, isSecretField, type JsonSchema, jsonSchemaOf } from "./schema_shape.ts";

/** The schema of the whole file. Editors must be told of the tag: `"yaml.customTags": ["!secret scalar"]`. */
export function settingsJsonSchema(
  { drivers, channels }: { drivers: readonly SealedDriver[]; channels: readonly SealedChannel[] },
): JsonSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "filagram.yaml",
    type: "object",
    properties: {
      agent: own(agentSchema),
      web: own(webSchema),
      printers: entries(printerSchema, { key: "driver", kinds: drivers, least: 1 }),
      channels: entries(channelSchema, { key: "type", kinds: channels, least: 0 }),
      rules: { type: "array", maxItems: maxEntries, items: own(ruleSchema) },
    },
    required: ["printers", "channels"],
    additionalProperties: false,
  };
}

interface Kind {
  readonly id: string;
  readonly label: string;
  readonly settings: z.ZodType;
}

function entries(
  common: z.ZodType,
  { key, kinds, least }: { key: string; kinds: readonly Kind[]; least: number },
): JsonSchema {
  const shared = own(common);
  const properties = shared.properties ?? {};
  const items: JsonSchema = {
    type: "object",
    required: ["name", key],
    // Named here too, so that an editor offers them before the kind is chosen.
    properties: { [key]: { enum: kinds.map(({ id }) => id) } },
    oneOf: kinds.flatMap((kind) =>
      shapesOf(own(kind.settings)).map((shape) => ({
        title: kind.label,
        type: "object",
        properties: { ...properties, [key]: { const: kind.id }, ...shape.properties },
        required: [...new Set(["name", key, ...shape.required ?? []])],
        ...(isOpen(shape) ? {} : { additionalProperties: false }),
      }))
    ),
  };
  return { type: "array", minItems: least, maxItems: maxEntries, items };
}

/** One object schema for each alternative of a driver's settings. */
function shapesOf(schema: JsonSchema): JsonSchema[] {
  const choices = [...schema.anyOf ?? [], ...schema.oneOf ?? []];
  if (choices.length === 0 && !schema.allOf) return [schema];
  const shared = (schema.allOf ?? []).flatMap(shapesOf);
  const whole = [schema, ...shared].reduce(merged);
  return choices.length === 0 ? [whole] : choices.flatMap(shapesOf).map((choice) => merged(whole, choice));
}

function merged(a: JsonSchema, b: JsonSchema): JsonSchema {
  return {
    type: "object",
    properties: { ...a.properties, ...b.properties },
    required: [...a.required ?? [], ...b.required ?? []],
    ...(isOpen(a) || isOpen(b) ? { additionalProperties: true } : {}),
  };
}

function isOpen({ additionalProperties: more }: JsonSchema): boolean {
  return more === true || isRecord(more);
}

/** As zod makes it, with a place for `!secret name` wherever text stands. */
function own(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...shape } = jsonSchemaOf(schema);
  return withSecrets(shape);
}

/** An editor sees the name after `!secret` as the text itself: it cannot have the form of what it stands for. */
function withSecrets(schema: JsonSchema, key?: string): JsonSchema {
  const below = Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => {
      if (keyword === "properties" && isRecord(value)) {
        return [keyword, mapValues(value, (child, name) => withSecrets(child as JsonSchema, name))];
      }
      if (Array.isArray(value) && ["anyOf", "oneOf", "allOf"].includes(keyword)) {
        return [keyword, value.map((child) => withSecrets(child as JsonSchema, key))];
      }
      const isSchema = isRecord(value) && (keyword === "items" || keyword === "additionalProperties");
      return [keyword, isSchema ? withSecrets(value as JsonSchema, key) : value];
    }),
  );
  const { secret: _1, hasUnit, ...shape } = below;
  if (shape["type"] !== "string" || hasUnit) return shape;
  if (!isSecretField(key, schema) && shape["pattern"] === undefined && shape["format"] === undefined) return shape;
  const { pattern: _2, format: _3, minLength: _4, maxLength: _5, ...plain } = shape;
  return plain;
}

function mapValues(
  record: Record<string, unknown>,
  change: (value: unknown, key: string) => unknown,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]));
}
