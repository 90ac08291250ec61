/**
 * One card per printer: what it does now.
 */
import { durationText, percentText } from "../../src/domain/message_text.ts";
import { addSeconds, type Moment } from "../../src/domain/moment.ts";
import { activeJob, type PrinterState, type Temperatures } from "../../src/domain/printer_state.ts";
import { elapsedSeconds, remainingSeconds } from "../../src/domain/progress.ts";
import { printerWords, type Tone } from "../../src/domain/printer_words.ts";
import type { HomeContext } from "./home.tsx";
import { At, timeText } from "./times.tsx";

export interface PrinterCardProps {
  readonly name: string;
  readonly address: string;
  readonly state: PrinterState | undefined;
  readonly context: HomeContext;
}

/** What the colour of a card means, for those who do not see it. */
const toneWords: Record<Tone, string> = {
  busy: "printing",
  calm: "idle",
  needsYou: "needs you",
  fault: "trouble",
  away: "not seen",
};

export function PrinterCard({ name, address, state, context }: PrinterCardProps) {
  const words = printerWords(state, address);
  const { hide } = context;
  return (
    <article id={`printer-${encodeURIComponent(name)}`} class={`card ${words.tone}`}>
      <h3>
        {name} <span class="tone">{toneWords[words.tone]}</span>
      </h3>
      <p class="sentence">{hide(words.sentence)}</p>
      <Progress state={state} name={name} />
      {words.notes.map((note) => <p key={note} class="note">{hide(note)}</p>)}
      <p class="facts">
        {words.since
          ? (
            <span>
              {words.since.word} <At moment={words.since.moment} context={context} />
            </span>
          )
          : null}
        {factsOf(state, context).map((fact) => <span key={fact}>{fact}</span>)}
      </p>
      <TemperatureList temperatures={state?.link?.kind === "online" ? state.temperatures : undefined} />
    </article>
  );
}

function Progress({ state, name }: { readonly state: PrinterState | undefined; readonly name: string }) {
  const percent = state && activeJob(state)?.percent;
  if (percent === undefined) return null;
  const shown = Math.floor(Math.min(100, Math.max(0, percent)));
  return (
    <div class="progress">
      <progress max="100" value={String(shown)} aria-label={`Progress of ${name}`}>{percentText(percent)}</progress>
      <span>{percentText(percent)}</span>
    </div>
  );
}

function factsOf(state: PrinterState | undefined, context: HomeContext): string[] {
  const job = state && activeJob(state);
  if (!job || state.link?.kind !== "online") return [];
  const left = remainingSeconds(job, context.now);
  const readyAt = left === undefined ? undefined : readyText(addSeconds(context.now, left), context);
  const printed = elapsedSeconds(job, context.now);
  return [
    left === undefined ? undefined : `${durationText(left)} left`,
    job.kind === "printing" && readyAt ? `ready at about ${readyAt}` : undefined,
    left === undefined && printed !== undefined ? `for ${durationText(printed)}` : undefined,
    job.layer === undefined ? undefined : `layer ${job.layer}${job.layers ? ` of ${job.layers}` : ""}`,
  ].filter((fact) => fact !== undefined);
}

function readyText(moment: Moment, context: HomeContext): string | undefined {
  return timeText(moment, context);
}

function TemperatureList({ temperatures }: { readonly temperatures: Temperatures | undefined }) {
  const entries = Object.entries(temperatures ?? {});
  if (entries.length === 0) return null;
  return (
    <dl class="temperatures">
      {entries.map(([name, { celsius, targetCelsius }]) => (
        <div>
          <dt>{name}</dt>
          <dd>
            {Math.round(celsius)} °C{targetCelsius ? <span class="quiet">of {Math.round(targetCelsius)}</span> : null}
          </dd>
        </div>
      ))}
    </dl>
  );
}
