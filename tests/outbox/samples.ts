/**
 * A store in a folder of its own, and words to put into it.
 */
import type { Message, Picture } from "../../src/domain/message.ts";
import type { EventKind, PrinterEvent } from "../../src/domain/printer_event.ts";
import { emptyState } from "../../src/domain/printer_state.ts";
import { type Delivery, Outbox, type OutboxOptions } from "../../src/outbox/outbox.ts";
import { Store, type StoredEvent } from "../../src/store/store.ts";
import { FakeClock, type FakeClockOptions } from "../support/fake_clock.ts";

/** A folder that is gone when the test is over. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = Deno.makeTempDirSync({ prefix: "filagram-store-" });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

export class Fixture implements Disposable {
  readonly folder = temporaryFolder();
  readonly clock: FakeClock;
  readonly store: Store;
  readonly outbox: Outbox;

  constructor(options: FakeClockOptions & Partial<OutboxOptions> = {}) {
    this.clock = new FakeClock(options);
    this.store = Store.open(this.folder.path);
    // in the middle: backoff without jitter
    this.outbox = new Outbox(this.store, { random: () => 0.5, ...options, clock: this.clock });
  }

  /** Commits one event of the printer now. */
  commit(kind: EventKind = "finished", { printer = "MK4", job = "1-a", isTest = false } = {}): StoredEvent {
    const [stored] = this.store.commit(printer, emptyState, [{
      ...this.event(kind, job),
      ...(isTest ? { isTest } : {}),
    }]);
    if (!stored) throw new Error("commit() gave no event");
    return stored;
  }

  event(kind: EventKind, job = "1-a"): PrinterEvent {
    return sampleEvent(kind, { clock: this.clock, job });
  }

  /** Enqueues one delivery of a new event. */
  enqueue(
    kind: EventKind = "finished",
    { channel = "mail", recipient = "me@example.org", printer = "MK4", job = "1-a", isTest = false, ...more }: {
      channel?: string;
      recipient?: string;
      printer?: string;
      job?: string;
      isTest?: boolean;
      pictures?: readonly Picture[];
      isUrgent?: boolean;
      subject?: string;
    } = {},
  ): Delivery {
    const { pictures = [], isUrgent = false, subject = "[MK4] benchy" } = more;
    const event = this.commit(kind, { printer, job, isTest });
    const message = { ...sampleMessage(`${printer}: ${kind} ${event.id}`, { isUrgent }), subject };
    const [delivery] = this.outbox.enqueue(event, [{ channel, recipient, repeat: 0, message, pictures }]);
    if (!delivery) throw new Error("enqueue() gave no delivery");
    return delivery;
  }

  take(channel = "mail"): Delivery {
    const delivery = this.outbox.take(channel);
    if (!delivery) throw new Error(`Nothing is due on "${channel}"`);
    return delivery;
  }

  /** Takes and sends whatever is due; returns kind and event of each, in order. */
  drain(channel = "mail"): string[] {
    const sent: string[] = [];
    for (let delivery = this.outbox.take(channel); delivery; delivery = this.outbox.take(channel)) {
      sent.push(`${delivery.kind} ${delivery.event}`);
      this.outbox.settle(delivery, { kind: "sent" });
    }
    return sent;
  }

  fresh(id: number): Delivery {
    const delivery = this.outbox.get(id);
    if (!delivery) throw new Error(`There is no delivery ${id}`);
    return delivery;
  }

  /** Files in the picture folder. */
  pictureFiles(): string[] {
    return [...this.store.pictures.files()].map(({ name }) => name).sort();
  }

  [Symbol.dispose](): void {
    this.store[Symbol.dispose]();
    this.folder[Symbol.dispose]();
  }
}

export function sampleEvent(kind: EventKind, { clock, job }: { clock: FakeClock; job: string }): PrinterEvent {
  const at = clock.now();
  const happened = { at, facts: { percent: 50 }, job: { id: job, file: { path: "benchy.gcode" } } };
  switch (kind) {
    case "uploaded":
      return { at, facts: {}, kind, file: { path: "benchy.gcode" } };
    case "progress":
      return { ...happened, kind, rules: ["r1"] };
    case "paused":
    case "needs_you":
      return { ...happened, kind, reason: "filament_runout" };
    case "ended":
      return { ...happened, kind, lastSeenAt: at };
    case "error":
      return { at, facts: {}, kind, text: "Lost communication with MCU 'mcu'" };
    case "offline":
      return { ...happened, kind, since: at };
    case "message":
      return { ...happened, kind, text: "Change the nozzle now", marked: true };
    case "started":
    case "resumed":
    case "finished":
    case "cancelled":
    case "failed":
    case "online":
    case "test":
      return { ...happened, kind };
  }
}

export function sampleMessage(firstLine: string, { isUrgent = false } = {}): Message {
  return {
    printer: "MK4",
    subject: "[MK4] benchy",
    firstLine,
    body: firstLine,
    notes: [],
    facts: [{ label: "Layer", value: "62 of 125" }],
    isUrgent,
    footer: { agent: "workshop" },
    language: "en",
  };
}

/** A picture of so many bytes, unlike those of other seeds. The outbox names it by its real hash. */
export function samplePicture(seed: number, bytes = 1000): Picture {
  return {
    hash: "",
    mediaType: "image/jpeg",
    alt: "Camera picture of MK4",
    bytes: Uint8Array.from({ length: bytes }, (_, index) => (index * 31 + seed * 7 + (index >> 8)) & 0xff),
  };
}

/** What the kill tests send, known to the process that is killed and to the one that kills it. */
export const killSample = {
  recipients: ["me@example.org", "you@example.org"],
  hasPicture: (event: number) => event % 4 === 0,
  picture: (event: number) => samplePicture(event, 20_000),
} as const;
