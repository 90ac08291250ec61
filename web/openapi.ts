/**
 * The API in the words of OpenAPI 3.1: https://spec.openapis.org/oas/v3.1.1.html
 */
import { eventKinds } from "../src/domain/printer_event.ts";

type Json = string | number | boolean | readonly Json[] | { readonly [name: string]: Json };

const text = { type: "string" };
const whole = { type: "integer", minimum: 0 };
const seconds = { type: "number", minimum: 0 };
const percent = { type: "number", minimum: 0, maximum: 100 };
const time = { type: "string", format: "date-time", description: "RFC 3339 in UTC" };
const kind = { type: "string", enum: eventKinds };
const pauseReason = {
  type: "string",
  enum: ["user", "filament_runout", "waiting_for_user", "gcode", "error", "unknown"],
};
const state = { type: "string", enum: ["queued", "sending", "sent", "uncertain", "rejected", "expired"] };

function object(required: readonly string[], properties: Readonly<Record<string, Json>>): Json {
  return { type: "object", required, properties };
}

function list(name: string): Json {
  return { type: "array", items: { $ref: `#/components/schemas/${name}` } };
}

const schemas = {
  Event: object(["id", "at", "printer", "kind"], {
    id: whole,
    at: time,
    printer: text,
    kind,
    job: object(["id"], { id: text, file: text }),
    percent,
    layer: whole,
    reason: {
      type: "string",
      description: "Of paused and needs_you one of user, filament_runout, waiting_for_user, gcode, error, unknown; " +
        "of failed, error and offline the printer's or the link's own words",
    },
    text,
    file: { type: "string", description: "Of uploaded: the name of the file" },
    test: { type: "boolean", description: "Asked for by the owner; nothing of it happened" },
  }),
  Delivery: object(["id", "event", "channel", "recipient", "state", "attempts"], {
    id: whole,
    event: { ...whole, description: "The id of its event" },
    channel: text,
    recipient: text,
    state,
    attempts: whole,
    dueAt: time,
    sentAt: time,
    reason: text,
    messageId: text,
  }),
  Printer: object(["name", "driver", "link"], {
    name: text,
    driver: text,
    link: object(["kind"], {
      kind: { type: "string", enum: ["online", "offline", "unknown"] },
      since: time,
      reason: text,
    }),
    job: object(["id", "kind"], {
      id: text,
      file: text,
      kind: { type: "string", enum: ["printing", "paused", "ended"] },
      outcome: { type: "string", enum: ["finished", "cancelled", "failed", "ended"] },
      startedAt: time,
      endedAt: time,
      reason: text,
      text,
    }),
    percent,
    layer: whole,
    layers: whole,
    elapsedSeconds: seconds,
    remainingSeconds: seconds,
    estimatedSeconds: seconds,
    temperatures: {
      type: "object",
      description: "By nozzle, nozzle1, bed, chamber",
      additionalProperties: object(["celsius"], { celsius: { type: "number" }, targetCelsius: { type: "number" } }),
    },
    attention: object(["reason", "since"], { reason: pauseReason, text, since: time }),
    fault: object(["since"], { text, since: time }),
  }),
  TestStep: object(["name", "isOk", "detail"], {
    name: text,
    isOk: { type: "boolean" },
    detail: text,
    delivery: whole,
  }),
  CheckReport: object(["subject", "step"], {
    subject: object(["kind", "name"], { kind: { type: "string", enum: ["printer", "channel"] }, name: text }),
    step: object(["name", "isOk", "detail"], { name: text, isOk: { type: "boolean" }, detail: text }),
  }),
  Problem: object(["error"], { error: text }),
} as const satisfies Record<string, Json>;

function answer(description: string, schema: Json, mediaType = "application/json"): Json {
  return { description, content: { [mediaType]: { schema } } };
}

const problem = (description: string) => answer(description, { $ref: "#/components/schemas/Problem" });
const refused = {
  "401": problem("A password is set: log in on the page first"),
  "403": problem("Not asked from the page itself or the control socket"),
};

function query(name: string, schema: Json, description: string): Json {
  return { name, in: "query", required: false, schema, description };
}

const after = query("after", whole, "Only rows with a greater id, oldest first; without it the newest");
const limit = query("limit", { type: "integer", minimum: 1, maximum: 1000, default: 100 }, "At most so many");

function act(summary: string): Json {
  return {
    post: {
      summary,
      parameters: [{ name: "id", in: "path", required: true, schema: whole }],
      responses: {
        "200": answer("Done", object(["id"], { id: whole })),
        "404": problem("There is no such delivery, or nothing to do for it"),
        ...refused,
      },
    },
  };
}

function lines(summary: string, name: string, body?: Json): Json {
  return {
    post: {
      summary,
      ...(body ? { requestBody: { content: { "application/json": { schema: body } } } } : {}),
      responses: {
        "200": answer(
          "One JSON object per line, as it happens",
          { $ref: `#/components/schemas/${name}` },
          "application/x-ndjson",
        ),
        "503": problem("Too many at once"),
        ...refused,
      },
    },
  };
}

function read(summary: string, name: string, parameters: readonly Json[] = []): Json {
  return { get: { summary, parameters, responses: { "200": answer(summary, list(name)), ...refused } } };
}

export function openApi(version: string): Json {
  return {
    openapi: "3.1.0",
    info: { title: "Filagram", version, description: "What 3D printers do, and what became of the messages about it" },
    paths: {
      "/api/v1/printers": read("The printers and what they do now", "Printer"),
      "/api/v1/events": read("What happened", "Event", [after, limit, query("printer", text, "Only of this printer")]),
      "/api/v1/deliveries": read("What became of the messages", "Delivery", [
        after,
        limit,
        query("event", whole, "Only of this event"),
        query("state", state, "Only in this state"),
      ]),
      "/api/v1/live": {
        get: {
          summary: "What changes, as it changes: server-sent events named printer, event, delivery and settings",
          parameters: [{ name: "Last-Event-ID", in: "header", required: false, schema: whole }],
          responses: {
            "200": answer("A stream", text, "text/event-stream"),
            "503": problem("Too many listen"),
            ...refused,
          },
        },
      },
      "/api/v1/test": lines(
        "A synthetic event on the real road, step by step",
        "TestStep",
        object([], { printer: text, kind, channel: text }),
      ),
      "/api/v1/check": lines("Tries every printer and channel without sending a message", "CheckReport"),
      "/api/v1/deliveries/{id}/retry": act("Tries a delivery again now"),
      "/api/v1/deliveries/{id}/drop": act("Gives a delivery up"),
    },
    components: { schemas },
  };
}
