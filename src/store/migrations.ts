/**
 * The one list of migrations. A published one is never changed; a new one is added below it.
 *
 * Times are milliseconds since 1970 by the wall (`_ms`); where they may have to be corrected, boot and time since boot
 * stand beside them.
 */

/** `migrations[0]` makes schema 1 out of an empty database. */
export const migrations: readonly string[] = [
  `
  CREATE TABLE agent (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    agent_id TEXT NOT NULL -- random: this agent's part of every Message-ID
  ) STRICT;

  CREATE TABLE printer (
    name TEXT PRIMARY KEY,
    state TEXT NOT NULL -- JSON: PrinterState
  ) STRICT;

  CREATE TABLE event (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice, even after retention: it is part of Message-IDs
    printer TEXT NOT NULL,
    body TEXT NOT NULL, -- JSON: PrinterEvent
    wall_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    monotonic_ms REAL NOT NULL,
    is_composed INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX event_uncomposed ON event (id) WHERE is_composed = 0;
  CREATE INDEX event_printer ON event (printer, id);
  CREATE INDEX event_wall ON event (wall_ms);
  CREATE INDEX event_boot ON event (boot);

  CREATE TABLE delivery (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    dedupe_key TEXT NOT NULL UNIQUE,
    event INTEGER NOT NULL REFERENCES event (id),
    printer TEXT NOT NULL,
    kind TEXT NOT NULL,
    job TEXT, -- absent for tests: they fold and thread with nothing
    channel TEXT NOT NULL,
    recipient TEXT NOT NULL,
    repeat INTEGER NOT NULL,
    message_id TEXT NOT NULL,
    thread_root_id TEXT,
    message TEXT NOT NULL, -- JSON: Message
    pictures TEXT NOT NULL, -- JSON: PictureRef[]
    is_urgent INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'uncertain', 'rejected', 'expired')),
    attempts INTEGER NOT NULL DEFAULT 0,
    due_ms INTEGER NOT NULL,
    asked_wait_boot TEXT, -- the boot in which a server asked for this wait; a restart ends all other waits
    live_ms INTEGER NOT NULL, -- how long the message is worth sending
    expires_ms INTEGER NOT NULL,
    is_wanted INTEGER NOT NULL DEFAULT 0, -- the owner asked for it again: it neither expires nor folds
    was_too_large INTEGER NOT NULL DEFAULT 0, -- with the present pictures
    reason TEXT,
    receipt TEXT,
    settled_ms INTEGER,
    settled_boot TEXT,
    settled_monotonic_ms REAL
  ) STRICT;
  CREATE INDEX delivery_due ON delivery (channel, due_ms, event) WHERE state IN ('queued', 'uncertain');
  CREATE INDEX delivery_expires ON delivery (channel, expires_ms) WHERE state IN ('queued', 'uncertain');
  CREATE INDEX delivery_progress ON delivery (channel) WHERE kind = 'progress' AND state IN ('queued', 'uncertain');
  CREATE INDEX delivery_sending ON delivery (channel) WHERE state = 'sending';
  CREATE INDEX delivery_job ON delivery (printer, job, channel, recipient, event) WHERE job IS NOT NULL;
  CREATE INDEX delivery_event ON delivery (event);
  CREATE INDEX delivery_settled ON delivery (settled_boot, settled_ms) WHERE settled_ms IS NOT NULL;
  `,
  `
  CREATE TABLE frame ( -- small camera pictures of a print under way, for its animation
    printer TEXT NOT NULL,
    job TEXT NOT NULL,
    number INTEGER NOT NULL,
    percent REAL NOT NULL,
    wall_ms INTEGER NOT NULL,
    boot TEXT NOT NULL,
    monotonic_ms REAL NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (printer, job, number)
  ) STRICT;
  `,
];
