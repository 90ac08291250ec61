/** Texts for people: what a printer says while it waits for a human. */

/** What the firmware itself says around a wait: no word in it for the owner. */
const machineTexts =
  /^(?:nozzle parked|pau(?:se|sed|sing)(?: print| sd)?|resum(?:e|ed|ing)(?: print| sd)?|print(?: is)? paused|(?:ui|sd) paused?|ui aborted|m[01] (?:stop|pause|wait)|reheat(?: ?done|ing)?|heater heating|(?:press|send m108|click)\b.*|continue|confirm|user confirm.*|wait(?:ing)? for user|filament ?runout.*|printing|stopped|parking|please wait)\W*$/i;

/** A useful short text for a prompt or line of the firmware before a wait; undefined where it says nothing useful. */
export function waitText(text: string): string | undefined {
  const plain = text.trim();
  if (/heat(?:er|ing) timeout|heat (?:the )?nozzle/i.test(plain)) return "The nozzle has cooled down, heat it again";
  const task =
    /^((?:insert|load|unload|change|remove|eject|purge)\b[^,;.]*?)(?: T\d)?(?:,? (?:and|then) (?:press|send|click)\b.*|[,;.]? (?:press|send|click)\b.*)?$/i
      .exec(plain);
  if (task?.[1] && plain !== "PurgeMore") return task[1].trim();
  return plain === "" || machineTexts.test(plain) ? undefined : plain;
}

/** Lines that firmwares echo without anybody having asked for a wait. */
const echoChatter =
  /^(?:SD card|No (?:SD|media)|Unknown command|busy|DEBUG|Now (?:fresh|doing)|Home XYZ|THERMAL|Err|[MGTV]\d|Settings|Stored|Hardcoded|EEPROM|No EEPROM|enqueue|Active Extruder|endstops|cold|too long|Prob(?:e|ing)\b|Bed (?:Heat|Cool|Level|X)|PID|Filament (?:runout|load)|Print time|Configuration|Serial|Z offset)/i;

/** Whether an `echo:` line could be the text of an `M0` on a board without a display. */
export function couldBeWaitText(text: string): boolean {
  return text !== "" && !text.startsWith(" ") && !text.startsWith(";") && !echoChatter.test(text);
}
