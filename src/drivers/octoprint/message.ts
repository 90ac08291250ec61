/** What is subscribed to, and what comes of it. */
import { type Message, messageShape, type Payload, payloadShape } from "./shapes.ts";

/** A history with 30 minutes of temperatures has about 200 KB. */
const maxMessageCharacters = 8 * 1024 * 1024;

/** All others are left out: `Dwelling` alone comes ten times a second. */
export const subscribedEvents = [
  "Connected",
  "Disconnected",
  "PrinterStateChanged",
  "Error",
  "PrintStarted",
  "PrintDone",
  "PrintFailed",
  "PrintCancelling",
  "PrintCancelled",
  "PrintPaused",
  "PrintResumed",
  "Waiting",
  "FilamentChange",
  "CommandSuppressed",
  "Upload",
  "FileAdded",
] as const;

/** The firmware's dialogs and notes to the host. */
export const subscribedPlugins = ["action_command_prompt", "action_command_notification"] as const;

/** A message as far as it is ours. */
export function parseMessage(text: string): Message | undefined {
  if (text.length > maxMessageCharacters) return undefined;
  try {
    return messageShape.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

export function parsePayload(payload: unknown): Payload {
  return payloadShape.parse(payload ?? {});
}
