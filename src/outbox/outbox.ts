/**
 * The durable deliveries: enqueue once, what is due, settle.
 */
import type { Clock } from "../clock.ts";
import { dedupeKey, type DeliveryState, type SendResult, timeToLiveSeconds } from "../domain/delivery.ts";
import type { Message, Picture, PictureRef } from "../domain/message.ts";
import { type Moment, secondsBetween } from "../domain/moment.ts";
import type { Sql, SqlValue } from "../store/database.ts";
import type { Store, StoredEvent } from "../store/store.ts";
import { type Delivery, type DeliveryRow, instant, selectDelivery, toDelivery, waiting } from "./delivery_rows.ts";
import { keepPictures, type KeptPictures } from "./keep_pictures.ts";
import { messageIdOf } from "./message_id.ts";
import { settleRow } from "./settle.ts";
import { dropBeyondLimit, expire, expireOld, foldProgress, reasons } from "./stale.ts";

export type { Delivery };

export interface NewDelivery {
  readonly channel: string;
  readonly recipient: string;
  /** 0, or the number of the repeat. */
  readonly repeat: number;
  readonly message: Message;
  readonly pictures: readonly Picture[];
}

export interface DeliveryQuery {
  readonly states?: readonly DeliveryState[];
  readonly event?: number;
  /** Only deliveries with a greater id. */
  readonly after?: number;
  readonly limit: number;
  /** Default: oldest first. */
  readonly newestFirst?: boolean;
}

export interface OutboxOptions {
  readonly clock: Clock;
  /** 0 to 1; spreads retries. */
  readonly random?: () => number;
  /** Per channel; beyond it the oldest progress expires first, then the oldest that is not urgent. */
  readonly maxQueuedDeliveries?: number;
}

const maxQueuedDeliveries = 10_000;
/** Longer than any deadline of a send: whoever took a delivery and said nothing since has failed. */
const maxSendingSeconds = 600;
/** The wall clock was set, not merely adjusted. */
const leastClockJumpMilliseconds = 2000;

/** The deliveries of one state folder. One process sends; each channel is taken from by one loop. */
export class Outbox {
  readonly #store: Store;
  readonly #sql: Sql;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #maxQueued: number;
  /** Taken by this process, not yet settled. */
  readonly #taken = new Map<number, { readonly channel: string; readonly at: Moment }>();
  /** Results that a full disk kept from being stored: what was sent must not be sent again for that. */
  readonly #unsettled = new Map<number, SendResult>();
  /** Between wall and time since boot; jumps when somebody sets the clock. */
  #wallOffsetMilliseconds: number;

  constructor(store: Store, { clock, random, maxQueuedDeliveries: most }: OutboxOptions) {
    this.#store = store;
    this.#sql = store.sql;
    this.#clock = clock;
    this.#random = random ?? Math.random;
    this.#maxQueued = most ?? maxQueuedDeliveries;
    this.#wallOffsetMilliseconds = wallOffset(clock.now());
  }

  /**
   * Called once at start, by the one agent on this state: what was being sent when it died is `uncertain`, due now.
   * Waits end too, for their times may come from a clock that was wrong; only what a server asked for in this very
   * boot is kept.
   */
  recover(): void {
    const now = this.#clock.now();
    this.#wallOffsetMilliseconds = wallOffset(now);
    const values = { now: now.wall.epochMilliseconds, boot: now.bootId };
    this.#sql.transaction("take up the waiting messages", () => {
      this.#sql.run(
        `UPDATE delivery SET due_ms = :now, asked_wait_boot = NULL
        WHERE ${waiting} AND (asked_wait_boot IS NULL OR asked_wait_boot <> :boot)`,
        values,
      );
      this.#sql.run(
        `UPDATE delivery SET state = 'uncertain', attempts = attempts + 1, due_ms = :now,
           reason = 'the agent stopped while it was being sent' WHERE state = 'sending'`,
        { now: values.now },
      );
    });
  }

  /**
   * Deliveries of one event in one transaction; marks the event as composed. A key that exists is not enqueued again.
   * Returns those that are new. A picture that cannot be kept is left out and the message says so.
   * @throws StoreError; nothing was written, call again
   */
  enqueue(event: StoredEvent, deliveries: readonly NewDelivery[]): Delivery[] {
    this.#followClock();
    const kept = keepPictures(this.#store.pictures, deliveries.flatMap(({ pictures }) => pictures));
    return this.#sql.transaction("store a message", () => {
      const ids = deliveries.map((delivery) => this.#insert(event, delivery, kept));
      this.#sql.run("UPDATE event SET is_composed = 1 WHERE id = :id", { id: event.id });
      for (const channel of new Set(deliveries.map((delivery) => delivery.channel))) {
        dropBeyondLimit(this.#sql, channel, { maxQueued: this.#maxQueued, now: this.#clock.now() });
      }
      return ids.flatMap((id) => id === undefined ? [] : this.get(id) ?? []);
      // Undone by a power cut, the stored event is composed again, to the same Message-IDs; only its picture could not be.
    }, { isDurable: deliveries.some(({ pictures }) => pictures.length > 0) });
  }

  #insert(stored: StoredEvent, delivery: NewDelivery, kept: KeptPictures): number | undefined {
    const { id: event, event: { kind, at, job, isTest } } = stored;
    const { channel, recipient, repeat } = delivery;
    const { refs, notes } = kept.of(delivery.pictures);
    const liveMilliseconds = timeToLiveSeconds(isTest ? "test" : kind) * 1000; // a late test would be taken for real
    const thread = {
      printer: stored.printer,
      job: job && !isTest ? job.id : null,
      channel,
      recipient,
    };
    const root = thread.job === null ? undefined : this.#sql.get<{ message_id: string; subject: string }>(
      `SELECT message_id, message ->> 'subject' AS subject FROM delivery WHERE printer = :printer AND job = :job AND channel = :channel
         AND recipient = :recipient ORDER BY id LIMIT 1`,
      thread,
    );
    const message = {
      ...delivery.message,
      notes: [...delivery.message.notes, ...notes],
      // Constant per job, or mail programs tear the thread: the long name of a file may come after its first mail.
      subject: root?.subject ?? delivery.message.subject,
    };
    return this.#sql.get<{ id: number }>(
      `INSERT INTO delivery (dedupe_key, event, printer, kind, job, channel, recipient, repeat, message_id,
         thread_root_id, message, pictures, is_urgent, state, due_ms, live_ms, expires_ms)
       VALUES (:key, :event, :printer, :kind, :job, :channel, :recipient, :repeat, :messageId,
         :root, :message, :pictures, :isUrgent, 'queued', :due, :live, :expires)
       ON CONFLICT (dedupe_key) DO NOTHING RETURNING id`,
      {
        ...thread,
        key: dedupeKey({ event, channel, recipient, repeat }),
        event,
        kind,
        repeat,
        messageId: messageIdOf({ event, channel, repeat, agentId: this.#store.agentId }),
        root: root?.message_id ?? null,
        message: JSON.stringify(message),
        pictures: JSON.stringify(refs),
        isUrgent: message.isUrgent ? 1 : 0,
        due: this.#clock.now().wall.epochMilliseconds,
        live: liveMilliseconds,
        expires: at.wall.epochMilliseconds + liveMilliseconds,
      },
    )?.id;
  }

  /**
   * The next delivery of this channel that is due, marked `sending`; expires and folds what is stale on the way. Due
   * first goes first, but messages of one job to one recipient in the order of their events.
   */
  take(channel: string): Delivery | undefined {
    this.#followClock();
    this.#settleAgain();
    const now = this.#clock.now();
    return this.#sql.transaction("take the next message", () => {
      this.#giveUpForgotten(channel, now);
      if (this.#clock.isSet()) expireOld(this.#sql, channel, now);
      foldProgress(this.#sql, channel, now);
      const id = this.#nextDue(channel, now);
      if (id === undefined) return undefined;
      this.#sql.run("UPDATE delivery SET state = 'sending' WHERE id = :id", { id });
      this.#taken.set(id, { channel, at: now });
      return this.get(id);
    }, { isDurable: false }); // undone by a power cut, it is taken again with the same Message-ID
  }

  /** What waits for channels that nobody takes from any more (they left the settings) grows old like the rest. */
  expireUntaken(): void {
    if (!this.#clock.isSet()) return;
    const now = this.#clock.now();
    this.#sql.transaction("expire what waits for no channel", () => {
      const channels = this.#sql.all<{ channel: string }>(`SELECT DISTINCT channel FROM delivery WHERE ${waiting}`, {});
      for (const { channel } of channels) expireOld(this.#sql, channel, now);
    });
  }

  #nextDue(channel: string, now: Moment): number | undefined {
    const values = { channel, now: now.wall.epochMilliseconds };
    const first = this.#sql.get<{ id: number; event: number; printer: string; job: string | null; recipient: string }>(
      `SELECT id, event, printer, job, recipient FROM delivery WHERE channel = :channel AND ${waiting} AND due_ms <= :now
       ORDER BY due_ms, event, id LIMIT 1`,
      values,
    );
    if (!first || first.job === null) return first?.id;
    const { id, ...job } = first;
    const before = this.#sql.get<{ id: number }>(
      `SELECT id FROM delivery WHERE printer = :printer AND job = :job AND channel = :channel AND recipient = :recipient
         AND ${waiting} AND due_ms <= :now AND event < :event ORDER BY event, id LIMIT 1`,
      { ...values, ...job },
    );
    return before?.id ?? id;
  }

  /** Should a sender ever fail to say what became of a delivery, nobody knows; it must not hang for ever. */
  #giveUpForgotten(channel: string, now: Moment): void {
    for (const [id, taken] of this.#taken) {
      if (taken.channel !== channel || (secondsBetween(taken.at, now) ?? 0) < maxSendingSeconds) continue;
      this.#taken.delete(id);
      this.#settle(id, { kind: "uncertain", reason: "nobody said what became of it" });
    }
  }

  /** When the next one of this channel falls due; undefined: none waits. */
  nextDueAt(channel: string): Temporal.Instant | undefined {
    const next = this.#sql.get<{ due: number | null }>(
      `SELECT min(due_ms) AS due FROM delivery WHERE channel = :channel AND ${waiting}`,
      { channel },
    );
    return next && next.due !== null ? instant(next.due) : undefined;
  }

  /**
   * What became of an attempt.
   * @throws StoreError; the result is remembered and stored by the next `take`
   */
  settle(delivery: Delivery, result: SendResult): Delivery {
    try {
      this.#followClock();
      this.#sql.transaction("store what became of a message", () => this.#settle(delivery.id, result));
    } catch (error) {
      this.#unsettled.set(delivery.id, result);
      throw error;
    }
    this.#taken.delete(delivery.id);
    return this.get(delivery.id) ?? delivery;
  }

  #settleAgain(): void {
    for (const [id, result] of this.#unsettled) {
      this.#sql.transaction("store what became of a message", () => this.#settle(id, result));
      this.#unsettled.delete(id);
      this.#taken.delete(id);
    }
  }

  #settle(id: number, result: SendResult): void {
    const delivery = this.get(id);
    if (delivery) settleRow(this.#sql, delivery, result, { now: this.#clock.now(), random: this.#random });
  }

  /** A smaller set of pictures for the next try (after `tooLarge`), and what is said where one is left out. The old files go
   * with the next retention. */
  replacePictures(delivery: Delivery, pictures: readonly Picture[], note?: string): Delivery {
    const { message } = delivery;
    const noted = note === undefined ? message : { ...message, notes: [...message.notes, note] };
    const { refs } = keepPictures(this.#store.pictures, pictures).of(pictures);
    this.#sql.transaction("store smaller pictures", () =>
      this.#sql.run(
        `UPDATE delivery SET pictures = :pictures, message = :message, was_too_large = 0
         WHERE id = :id AND (${waiting} OR state = 'sending')`,
        { id: delivery.id, pictures: JSON.stringify(refs), message: JSON.stringify(noted) },
      ));
    return this.get(delivery.id) ?? delivery;
  }

  /** Undefined when the file is gone or damaged: the message goes out without. */
  async loadPicture(ref: PictureRef): Promise<Picture | undefined> {
    const bytes = await this.#store.pictures.read(ref.hash);
    return bytes && { ...ref, bytes };
  }

  get(id: number): Delivery | undefined {
    const row = this.#sql.get<DeliveryRow>(`${selectDelivery} WHERE delivery.id = :id`, { id });
    return row && toDelivery(row);
  }

  list({ states, event, after, limit, newestFirst }: DeliveryQuery): Delivery[] {
    const conditions = ["delivery.id > :after"];
    const values: Record<string, SqlValue> = { after: after ?? 0, limit };
    if (event !== undefined) {
      conditions.push("event = :event");
      values["event"] = event;
    }
    if (states) {
      conditions.push("state IN (SELECT value FROM json_each(:states))");
      values["states"] = JSON.stringify(states);
    }
    return this.#sql.all<DeliveryRow>(
      `${selectDelivery} WHERE ${conditions.join(" AND ")}
       ORDER BY delivery.id ${newestFirst ? "DESC" : "ASC"} LIMIT :limit`,
      values,
    ).map(toDelivery);
  }

  /** How many there are in each state; a state without any is absent. */
  counts(): Partial<Record<DeliveryState, number>> {
    const rows = this.#sql.all<{ state: DeliveryState; count: number }>(
      "SELECT state, count(*) AS count FROM delivery GROUP BY state",
      {},
    );
    return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
  }

  /** What waits on these channels is due now: they may do better than before. */
  hurry(channels: readonly string[]): void {
    this.#followClock();
    this.#sql.transaction("hurry messages", () =>
      this.#sql.run(
        `UPDATE delivery SET due_ms = :now, asked_wait_boot = NULL
         WHERE ${waiting} AND channel IN (SELECT value FROM json_each(:channels))`,
        { now: this.#clock.now().wall.epochMilliseconds, channels: JSON.stringify(channels) },
      ));
  }

  /** Due now, however often it failed or how old it is. False: there is none, it is being sent or was sent. */
  retry(id: number): boolean {
    this.#followClock();
    return this.#sql.transaction("retry a message", () =>
      this.#sql.run(
        `UPDATE delivery SET state = CASE state WHEN 'uncertain' THEN state ELSE 'queued' END, due_ms = :now,
           asked_wait_boot = NULL, is_wanted = 1, reason = NULL, settled_ms = NULL, settled_boot = NULL,
           settled_monotonic_ms = NULL
         WHERE id = :id AND state IN ('queued', 'uncertain', 'rejected', 'expired')`,
        { id, now: this.#clock.now().wall.epochMilliseconds },
      )) > 0;
  }

  /** Gives a delivery up; one that is just being sent may still arrive. False: there is none, or it is settled. */
  drop(id: number): boolean {
    return this.#sql.transaction("drop a message", () => {
      const state = this.get(id)?.state;
      if (state !== "queued" && state !== "uncertain" && state !== "sending") return false;
      expire(this.#sql, id, { reason: reasons.dropped, now: this.#clock.now() });
      return true;
    });
  }

  /**
   * Waiting deliveries keep the length of their waits when the wall clock is set. Looked at before any due time is
   * read or written, so that times before and after are never mixed.
   */
  #followClock(): void {
    const offset = wallOffset(this.#clock.now());
    const by = Math.round(offset - this.#wallOffsetMilliseconds);
    if (Math.abs(by) < leastClockJumpMilliseconds) return;
    this.#sql.transaction(
      "shift the waits",
      () => this.#sql.run(`UPDATE delivery SET due_ms = due_ms + :by WHERE ${waiting}`, { by }),
    );
    this.#wallOffsetMilliseconds = offset;
  }
}

function wallOffset({ wall, monotonicMilliseconds }: Moment): number {
  return wall.epochMilliseconds - monotonicMilliseconds;
}
