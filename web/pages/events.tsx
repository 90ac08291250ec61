/**
 * What happened and what became of it: under each event its deliveries, so that "why did I (not) get a message?" has an
 * answer.
 */
import { composeMessage } from "../../src/domain/message_text.ts";
import type { Delivery } from "../../src/outbox/outbox.ts";
import type { StoredEvent } from "../../src/store/store.ts";
import type { HomeContext } from "./home.tsx";
import { At, instantText } from "./times.tsx";

export interface ToldEvent {
  readonly stored: StoredEvent;
  readonly deliveries: readonly Delivery[];
  /** Nothing was decided about it yet. */
  readonly isPending: boolean;
}

export function EventItem({ told, context }: { readonly told: ToldEvent; readonly context: HomeContext }) {
  const { stored: { id, printer, event }, deliveries, isPending } = told;
  const { firstLine, isUrgent } = composeMessage(event, {
    printer,
    agent: { name: "" },
    timezone: context.timezone,
    now: event.at,
  });
  return (
    <li id={`event-${id}`} class={isUrgent ? "event urgent" : "event"}>
      <At moment={event.at} context={context} />
      <div>
        <p class="line">
          {context.hide(firstLine)}
          {event.isTest ? <span class="tag">test</span> : null}
        </p>
        {deliveries.length > 0
          ? (
            <ul class="deliveries">
              {deliveries.map((delivery) => <DeliveryItem key={delivery.id} delivery={delivery} context={context} />)}
            </ul>
          )
          : <p class="quiet">{isPending ? "About to be told" : "No rule wants it"}</p>}
      </div>
    </li>
  );
}

function DeliveryItem({ delivery, context }: { readonly delivery: Delivery; readonly context: HomeContext }) {
  const { id, channel, recipient, state, reason } = delivery;
  const canRetry = state !== "sent" && state !== "sending" &&
    !(state === "queued" && delivery.attempts === 0 && !reason);
  const canDrop = state === "queued" || state === "uncertain";
  return (
    <li id={`delivery-${id}`} class={`delivery ${state}`}>
      <span>
        <b>{stateWords(delivery, context)}</b> {recipient} by {channel}
        {reason === undefined ? null : <span class="reason">: {context.hide(reason)}</span>}
        {patience(delivery, context)}
      </span>
      {canRetry ? <Act context={context} id={id} act="retry">Try again now</Act> : null}
      {canDrop ? <Act context={context} id={id} act="drop">Give up</Act> : null}
    </li>
  );
}

function Act(
  { context, id, act, children }: {
    readonly context: HomeContext;
    readonly id: number;
    readonly act: "retry" | "drop";
    readonly children?: string;
  },
) {
  return (
    <form method="post" action={`/deliveries/${id}/${act}`}>
      <input type="hidden" name="token" value={context.token} />
      <button class="plain" type="submit" id={`${act}-${id}`}>{children}</button>
    </form>
  );
}

/** Before the address it goes to. */
function stateWords({ state, attempts, sentAt, reason }: Delivery, context: HomeContext): string {
  switch (state) {
    case "queued":
      return attempts === 0 && reason === undefined ? "waiting for" : "not yet sent to";
    case "sending":
      return "on its way to";
    case "sent":
      return sentAt ? `sent ${instantText(sentAt, context)} to` : "sent to";
    case "uncertain":
      return "perhaps sent, nobody knows, to";
    case "rejected":
      return "refused for";
    case "expired":
      return "given up for";
  }
}

/** How often it was tried, and when it is tried again. */
function patience({ state, attempts, dueAt }: Delivery, context: HomeContext): string {
  if (state !== "queued" && state !== "uncertain") return "";
  const waitSeconds = dueAt && (dueAt.epochMilliseconds - context.now.wall.epochMilliseconds) / 1000;
  const parts = [
    attempts === 0 ? "" : attempts === 1 ? "1 try" : `${attempts} tries`,
    dueAt === undefined || waitSeconds === undefined
      ? ""
      : waitSeconds < 60
      ? "again in a moment"
      : `again at ${instantText(dueAt, context)}`,
  ].filter(Boolean);
  return parts.length ? ` (${parts.join(", ")})` : "";
}
