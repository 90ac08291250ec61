/**
 * The texts that `filagram install` lays down: systemd unit, udev rule, settings to start from.
 * https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html
 */
import { smallestSecrets, smallestSettings } from "../config/find_settings.ts";

export const serviceUser = "filagram";

/** Where things live below the root; the same names in the unit, the README and the guides. */
export const places = {
  binary: "/usr/local/bin/filagram",
  settingsFolder: "/etc/filagram",
  settings: "/etc/filagram/filagram.yaml",
  secrets: "/etc/filagram/secrets.yaml",
  state: "/var/lib/filagram",
  /** Where a self-extracting program lies unpacked: root's, so that the service cannot change what it runs. */
  cache: "/var/cache/filagram",
  unit: "/etc/systemd/system/filagram.service",
  udevRule: "/etc/udev/rules.d/77-filagram.rules",
  manPage: "/usr/local/share/man/man1/filagram.1",
} as const;

/**
 * The service. V8 makes code at run time, so memory cannot be write-xor-execute; ports of printers are character devices of
 * four kinds, and Klipper's is a pseudo-terminal in /tmp, so /tmp is the real one, to be read only.
 */
export const unitText = `# Written by "filagram install"; changes belong into a drop-in: sudo systemctl edit filagram
[Unit]
Description=Filagram watches 3D printers and tells their owner what happens
Documentation=man:filagram(1)
After=network.target

[Service]
Type=notify
NotifyAccess=main
ExecStart=${places.binary} run --config ${places.settings}
User=${serviceUser}
Group=${serviceUser}
Restart=always
RestartSec=10
TimeoutStartSec=120
TimeoutStopSec=15
WatchdogSec=60

StateDirectory=filagram
StateDirectoryMode=0700
ReadWritePaths=${places.settingsFolder}
Environment=TMPDIR=${places.state}
UMask=0077

# What a board of 1 GB can spare; the printer's own host goes first.
MemoryHigh=256M
MemoryMax=384M
TasksMax=64
LimitCORE=0
Nice=5
OOMScoreAdjust=200

NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=read-only
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service @pkey
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM
DevicePolicy=closed
DeviceAllow=char-ttyUSB rw
DeviceAllow=char-ttyACM rw
DeviceAllow=char-ttyAMA rw
DeviceAllow=char-ttyS rw
DeviceAllow=char-pts rw

[Install]
WantedBy=multi-user.target
`;

/** ModemManager asks every new serial port whether it is a modem, and a printer takes that for commands. */
export const udevRuleText = `# Written by "filagram install": boards of 3D printers are no modems.
ACTION!="add|change", GOTO="filagram_end"
SUBSYSTEM!="tty", GOTO="filagram_end"
KERNEL=="ttyACM*|ttyUSB*", ENV{ID_MM_DEVICE_IGNORE}="1", ENV{ID_MM_PORT_IGNORE}="1"
LABEL="filagram_end"
`;

export const settingsText =
  `# Filagram: which printers to watch, and whom to tell. Take away the # and fill in your own.
#   your printers:      filagram discover
#   is it right?        sudo filagram check
#   then:               sudo systemctl restart filagram
# A running Filagram takes over later changes by itself. What else can stand here: man filagram
#
${commented(smallestSettings)}`;

export const secretsText = `# Passwords, one per line; filagram.yaml names them: password: !secret gmail_password
# Nobody but the service may read this file (mode 0600).
#
${commented(smallestSecrets)}`;

function commented(text: string): string {
  return text.trimEnd().split("\n").map((line) => `# ${line}\n`).join("");
}
