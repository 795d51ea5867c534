/** Options of flume-ng that every command of it takes. */
export const FLUME_OPTIONS = {
  conf: {
    type: "string",
    short: "c",
    value: "DIR",
    about: "Folder with flume-env.sh, whose -D options count, and flume.opts.",
  },
  classpath: {
    type: "string",
    short: "C",
    value: "PATH",
    multiple: true,
    about: "Flume's class path; only classpath: addresses use it.",
  },
  "java-option": {
    type: "string",
    value: "-X…",
    multiple: true,
    about: "Also written -X…, -javaagent…; does nothing here.",
  },
  dryrun: { type: "boolean", short: "d", about: "Only check, as validate does." },
} as const;

/** Options of `flume-ng agent`. */
export const AGENT_OPTIONS = {
  name: { type: "string", short: "n", value: "NAME", about: "Which agent of the file." },
  "conf-file": {
    type: "string",
    short: "f",
    value: "FILE",
    multiple: true,
    about: "The configuration; several are merged in order, later values win.",
  },
  "conf-uri": {
    type: "string",
    short: "u",
    value: "URI",
    multiple: true,
    about: "The same at file:, http(s): or classpath:, read before all files.",
  },
  "conf-user": { type: "string", value: "NAME", about: "User for http and https (also -user)." },
  "conf-password": { type: "string", value: "WORD", about: "Password of that user (also -pwd)." },
  "auth-provider": {
    type: "string",
    short: "a",
    value: "CLASS",
    about: "Refused, but for Flume's basic authentication.",
  },
  "conf-provider": {
    type: "string",
    value: "CLASS",
    about: "Refused: no Java class can bring the configuration (also -prov).",
  },
  "verify-host": {
    type: "string",
    value: "BOOL",
    about: "The host name in an https certificate is always checked.",
  },
  zkConnString: {
    type: "string",
    short: "z",
    value: "HOSTS",
    about: "Read it from ZooKeeper: zk1:2181,zk2:2181/chroot.",
  },
  zkBasePath: {
    type: "string",
    short: "p",
    value: "PATH",
    about: "Folder in ZooKeeper of the node NAME (/flume).",
  },
  "poll-interval": {
    type: "string",
    short: "i",
    value: "SECONDS",
    about: "Look for changes so often (files 30, http 300).",
  },
  "no-reload-conf": { type: "boolean", about: "Reload at SIGHUP only." },
  "backup-directory": {
    type: "string",
    short: "b",
    value: "DIR",
    about: "Where the last good configuration is kept, as a reserve.",
  },
  "plugins-path": {
    type: "string",
    value: "DIRS",
    about: "Folders of plugin modules, parted by colons.",
  },
} as const;
