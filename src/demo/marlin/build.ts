/**
 * How a simulated Marlin 2.1.2 was compiled: which commands it knows, what it says of itself. Source: recordings of a real one
 * (tests/transcripts/marlin: boot_and_info, nosd_media_commands, plain_board).
 */
export interface FirmwareBuild {
  readonly hasCard: boolean;
  /** `//action:` lines, prompts and status notifications. */
  readonly hasHostActions: boolean;
  /** M600, M125, M876: pausing with parking and prompts. */
  readonly hasAdvancedPause: boolean;
  /** M25 parks and waits like M125. */
  readonly parksOnPause: boolean;
  readonly hasRunoutSensor: boolean;
  /** M0 and M1. */
  readonly canWaitForUser: boolean;
  /** With a display the text of M0 is shown there, not on the line. */
  readonly hasDisplay: boolean;
  /** `silent` because of M73_REPORT_SD_ONLY. */
  readonly m73: "unknown" | "silent" | "reports";
  readonly hasEeprom: boolean;
  /** M27 S, M20 L T and long names; vendors often leave them out. */
  readonly hasCardReports: boolean;
  readonly hasPositionReports: boolean;
  /** `ok P15 B3`. */
  readonly hasAdvancedOk: boolean;
  readonly hasEmergencyParser: boolean;
  /** Speaks as a Prusa MK3S does (prusa.ts). */
  readonly isPrusa: boolean;
}

const full: FirmwareBuild = {
  hasCard: true,
  hasHostActions: true,
  hasAdvancedPause: true,
  parksOnPause: true,
  hasRunoutSensor: true,
  canWaitForUser: true,
  hasDisplay: true,
  m73: "silent",
  hasEeprom: true,
  hasCardReports: true,
  hasPositionReports: true,
  hasAdvancedOk: false,
  hasEmergencyParser: true,
  isPrusa: false,
};

const plain: FirmwareBuild = {
  hasCard: false,
  hasHostActions: false,
  hasAdvancedPause: false,
  parksOnPause: false,
  hasRunoutSensor: false,
  canWaitForUser: false,
  hasDisplay: false,
  m73: "unknown",
  hasEeprom: false,
  hasCardReports: false,
  hasPositionReports: false,
  hasAdvancedOk: true,
  hasEmergencyParser: false,
  isPrusa: false,
};

/** `vendor` is what many printers are sold with: a card, a display, and nothing that tells a host about it. */
export const firmwareBuilds = {
  full,
  nopark: { ...full, hasAdvancedPause: false, parksOnPause: false, hasRunoutSensor: false },
  nosd: { ...full, hasCard: false, hasCardReports: false, m73: "reports", hasEeprom: false },
  plain,
  prusa: { ...full, hasHostActions: false, parksOnPause: false, isPrusa: true },
  vendor: { ...plain, hasCard: true, hasDisplay: true, canWaitForUser: true, hasAdvancedOk: false },
} as const satisfies Record<string, FirmwareBuild>;

export type FirmwareBuildName = keyof typeof firmwareBuilds;

/** What the board prints on power-up; `SD card ok` follows {@link cardCheckMilliseconds} later. */
export function bootLines(build: FirmwareBuild, { cause, machine }: { cause: string; machine: string }): string[] {
  const said = (text: string) => build.hasHostActions ? [`//action:notification ${text}`] : [];
  return [
    "start",
    cause,
    "Marlin 2.1.2",
    "echo: Last Updated: 2022-12-17 | Author: (none, default config)",
    "echo: Compiled: Nov 23 2026",
    "echo: Free Memory: 0  PlannerBufferBytes: 1280",
    ...said(`${machine} Ready.`),
    ...(build.hasEeprom
      ? ["echo:V87 stored settings retrieved (666 bytes; crc 50475)", ...said("Stored settings retrieved")]
      : ["echo:No EEPROM.", ...said("Hardcoded Default Settings Loaded"), "echo:Hardcoded Default Settings Loaded"]),
    ...(build.hasHostActions ? ["//action:prompt_end"] : []),
  ];
}

export const cardCheckMilliseconds = 560;

/** The answer to M115, without its `ok`. */
export function identityLines(build: FirmwareBuild, machine: string): string[] {
  const flags: [string, boolean][] = [
    ["SERIAL_XON_XOFF", false],
    ["BINARY_FILE_TRANSFER", false],
    ["EEPROM", true],
    ["VOLUMETRIC", true],
    ["AUTOREPORT_POS", build.hasPositionReports],
    ["AUTOREPORT_TEMP", true],
    ["PROGRESS", false],
    ["PRINT_JOB", true],
    ["AUTOLEVEL", false],
    ["RUNOUT", build.hasRunoutSensor],
    ["Z_PROBE", false],
    ["LEVELING_DATA", false],
    ["BUILD_PERCENT", build.m73 !== "unknown"],
    ["SOFTWARE_POWER", false],
    ["TOGGLE_LIGHTS", false],
    ["CASE_LIGHT_BRIGHTNESS", false],
    ["EMERGENCY_PARSER", build.hasEmergencyParser],
    ["HOST_ACTION_COMMANDS", build.hasHostActions],
    ["PROMPT_SUPPORT", build.hasHostActions],
    ["SDCARD", build.hasCard],
    ...(build.hasCard ? [["MULTI_VOLUME", false] satisfies [string, boolean]] : []),
    ["REPEAT", false],
    ["SD_WRITE", build.hasCard],
    ["AUTOREPORT_SD_STATUS", build.hasCardReports],
    ["LONG_FILENAME", build.hasCardReports],
    ["LFN_WRITE", build.hasCardReports],
    ["CUSTOM_FIRMWARE_UPLOAD", false],
    ["EXTENDED_M20", build.hasCardReports],
    ["THERMAL_PROTECTION", true],
    ["MOTION_MODES", false],
    ["ARCS", true],
    ["BABYSTEPPING", false],
    ["CHAMBER_TEMPERATURE", false],
    ["COOLER_TEMPERATURE", false],
    ["MEATPACK", false],
    ["CONFIG_EXPORT", false],
  ];
  const area = "{min:{x:0.00,y:0.00,z:0.00},max:{x:200.00,y:200.00,z:200.00}}";
  return [
    "FIRMWARE_NAME:Marlin 2.1.2 (Nov 23 2026 16:17:17) SOURCE_CODE_URL:github.com/MarlinFirmware/Marlin " +
    `PROTOCOL_VERSION:1.0 MACHINE_TYPE:${machine} EXTRUDER_COUNT:1 UUID:cede2a2f-41a2-4748-9b12-c55c62f367ff`,
    ...flags.map(([name, isOn]) => `Cap:${name}:${isOn ? 1 : 0}`),
    ...(build.hasAdvancedOk ? [] : [`area:{full:${area},work:${area}}`]),
  ];
}
