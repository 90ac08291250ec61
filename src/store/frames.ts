/**
 * Small camera pictures of prints under way, kept until the end of the print has been told.
 */
import type { Moment } from "../domain/moment.ts";
import type { Sql } from "./database.ts";
import type { PictureFolder } from "./pictures.ts";

export interface Frame {
  /** In the order of the print; one of each number. */
  readonly number: number;
  /** How far the print was, 0 to 100. */
  readonly percent: number;
  readonly at: Moment;
  readonly hash: string;
}

export interface FramesOf {
  readonly printer: string;
  readonly job: string;
}

interface FrameRow {
  readonly number: number;
  readonly percent: number;
  readonly wall_ms: number;
  readonly boot: string;
  readonly monotonic_ms: number;
  readonly hash: string;
}

export class Frames {
  constructor(private readonly sql: Sql, private readonly pictures: PictureFolder) {}

  /**
   * Keeps a picture, in the place of an earlier one of its number. Pictures of the printer's earlier jobs go, once all its events are
   * composed. @throws StoreError, RangeError: nothing was kept
   */
  add({ printer, job }: FramesOf, { bytes, number, percent, at }: Omit<Frame, "hash"> & { bytes: Uint8Array }): void {
    const hash = this.pictures.put(bytes);
    this.sql.transaction("keep a picture of the print", () => {
      this.sql.run(
        `DELETE FROM frame WHERE printer = :printer AND job <> :job
           AND NOT EXISTS (SELECT 1 FROM event WHERE event.printer = :printer AND is_composed = 0)`,
        { printer, job },
      );
      this.sql.run(
        `INSERT OR REPLACE INTO frame (printer, job, number, percent, wall_ms, boot, monotonic_ms, hash)
         VALUES (:printer, :job, :number, :percent, :wall, :boot, :monotonic, :hash)`,
        {
          printer,
          job,
          number,
          percent,
          wall: at.wall.epochMilliseconds,
          boot: at.bootId,
          monotonic: at.monotonicMilliseconds,
          hash,
        },
      );
    }, { isDurable: false });
  }

  /** In the order of the print. */
  list({ printer, job }: FramesOf): Frame[] {
    return this.sql.all<FrameRow>(
      `SELECT number, percent, wall_ms, boot, monotonic_ms, hash FROM frame
       WHERE printer = :printer AND job = :job ORDER BY number`,
      { printer, job },
    ).map(({ number, percent, wall_ms, boot, monotonic_ms, hash }) => ({
      number,
      percent,
      at: {
        wall: Temporal.Instant.fromEpochMilliseconds(wall_ms),
        bootId: boot,
        monotonicMilliseconds: monotonic_ms,
      },
      hash,
    }));
  }

  /** The picture's bytes; undefined when it is gone or damaged. */
  async read({ hash }: Frame): Promise<Uint8Array | undefined> {
    return await this.pictures.read(hash);
  }

  /** The end of this job was told; the files go with the next retention. @throws StoreError */
  drop({ printer, job }: FramesOf): void {
    this.sql.transaction(
      "forget the pictures of a print",
      () => this.sql.run("DELETE FROM frame WHERE printer = :printer AND job = :job", { printer, job }),
      { isDurable: false },
    );
  }
}
