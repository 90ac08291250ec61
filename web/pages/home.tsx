/**
 * The first page: what is wrong with the settings, the printers, the channels, what happened.
 */
import type { Moment } from "../../src/domain/moment.ts";
import type { ChannelSettings, PrinterSettings } from "../../src/config/settings.ts";
import type { PrinterState } from "../../src/domain/printer_state.ts";
import { EventItem, type ToldEvent } from "./events.tsx";
import { page } from "./layout.tsx";
import { PrinterCard } from "./printers.tsx";

export interface HomeContext {
  readonly now: Moment;
  readonly timezone: string;
  /** For the forms. */
  readonly token: string;
  /** Takes secrets out of words that others chose. */
  readonly hide: (text: string) => string;
}

export interface HomeProps extends HomeContext {
  readonly agent: string;
  readonly version: string;
  readonly hasClient: boolean;
  readonly hasSession: boolean;
  readonly settingsPath: string;
  readonly settingsProblem: string | undefined;
  readonly troubles: readonly string[];
  readonly printers: readonly { readonly settings: PrinterSettings; readonly state: PrinterState | undefined }[];
  readonly channels: readonly ChannelSettings[];
  readonly events: readonly ToldEvent[];
  readonly mostEvents: number;
}

/** What stands inside an element with `data-live` is replaced by the client when it changes, child by child, by id. */
export function homePage(props: HomeProps): string {
  const { agent, token, hasClient, hasSession, version, printers, channels, events } = props;
  return page({
    title: agent,
    hasClient,
    logOutToken: hasSession ? token : undefined,
    footer: `Filagram ${version}`,
    children: (
      <>
        <h1 class="hidden">{agent}</h1>
        <div id="problems" data-live>{problemOf(props)} {troublesOf(props)}</div>
        <section aria-labelledby="printers-title">
          <h2 id="printers-title">Printers</h2>
          <div id="printers" class="cards" data-live>
            {printers.map(({ settings: { name, address }, state }) => (
              <PrinterCard key={name} name={name} address={address} state={state} context={props} />
            ))}
          </div>
          {printers.length === 0 ? <p class="quiet">There is no printer in the settings.</p> : null}
        </section>
        <section aria-labelledby="channels-title">
          <h2 id="channels-title">Ways to you</h2>
          <ul class="channels">
            {channels.map((channel) => <ChannelRow key={channel.name} channel={channel} props={props} />)}
          </ul>
          {channels.length === 0
            ? <p class="quiet">There is no channel in the settings: nobody is told anything.</p>
            : null}
        </section>
        <section aria-labelledby="events-title">
          <h2 id="events-title">What happened</h2>
          <ol id="events" class="events" data-live>
            {events.map((told) => <EventItem key={told.stored.id} told={told} context={props} />)}
            {events.length === 0 ? <li id="event-none" class="quiet">Nothing yet.</li> : null}
          </ol>
          {events.length === props.mostEvents
            ? (
              <p class="quiet">
                Older ones: <code>filagram events</code>
              </p>
            )
            : null}
        </section>
      </>
    ),
  });
}

function problemOf({ settingsProblem, settingsPath, hide }: HomeProps) {
  if (settingsProblem === undefined) return null;
  return (
    <section id="settings-problem" class="problem" role="alert">
      <h2>The settings have a mistake</h2>
      <p>
        Those from before stay in force until <code>{settingsPath}</code> is mended:
      </p>
      <pre>{hide(settingsProblem)}</pre>
    </section>
  );
}

function troublesOf({ troubles, hide }: HomeProps) {
  if (troubles.length === 0) return null;
  return (
    <section id="troubles" class="problem" role="alert">
      <h2>Something does not work here</h2>
      {troubles.map((trouble) => <p key={trouble}>{hide(trouble)}</p>)}
    </section>
  );
}

function ChannelRow(
  { channel: { name, channel }, props }: { readonly channel: ChannelSettings; readonly props: HomeProps },
) {
  const to = channel.recipients.join(", ");
  return (
    <li>
      <div>
        <b>{name}</b> <span class="quiet">{channel.id}{channel.carrier ? `, carried by ${channel.carrier}` : ""}</span>
        {to ? <p class="recipients">{props.hide(to)}</p> : null}
      </div>
      <form method="post" action="/test" data-steps>
        <input type="hidden" name="token" value={props.token} />
        <input type="hidden" name="channel" value={name} />
        <button
          type="submit"
          formaction="/check"
          aria-label={`Check ${name} without sending`}
          title="Tries everything short of sending"
        >
          Check
        </button>{" "}
        <button type="submit" aria-label={`Test ${name}`} title="Sends a test message">Test</button>
      </form>
      <ol class="steps" aria-live="polite" hidden></ol>
    </li>
  );
}
