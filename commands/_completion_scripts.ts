import type { Command, CommandOption } from "./command.ts";

const PATH_VALUES: ReadonlySet<string> = new Set(["FILE", "DIR"]);
const FIRST_WORDS = ["--help", "--version"];

/** Scripts by shell, made from the definitions of the commands. */
export const COMPLETION_SCRIPTS: Readonly<Record<string, (commands: readonly Command[]) => string>> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

function wordsOf(command: Command): string[] {
  return [command.name, ...command.aliases ?? []];
}

function optionWords(command: Command): string[] {
  return [...Object.keys(command.options), "help"].map((name) => `--${name}`);
}

function positionalWords({ positionals: { complete } }: Command): readonly string[] {
  return typeof complete === "object" ? complete : [];
}

function choicesOf(commands: readonly Command[]): Map<string, readonly string[]> {
  const choices = new Map<string, readonly string[]>();
  for (const { options } of commands) {
    for (const [name, option] of Object.entries(options)) {
      if (option.choices) choices.set(`--${name}`, option.choices);
    }
  }
  return choices;
}

function bashScript(commands: readonly Command[]): string {
  const names = [...commands.flatMap(wordsOf), ...FIRST_WORDS].join(" ");
  const choices = [...choicesOf(commands)].map(([option, words]) =>
    `    ${option}) COMPREPLY=($(compgen -W "${words.join(" ")}" -- "$word")); return;;\n`
  );
  const cases = commands.map((command) => {
    const words = [...optionWords(command), ...positionalWords(command)].join(" ");
    const files = command.positionals.complete === "files" ? '; COMPREPLY+=($(compgen -f -- "$word"))' : "";
    return `    ${wordsOf(command).join("|")}) COMPREPLY=($(compgen -W "${words}" -- "$word"))${files};;\n`;
  });
  return `_sluice() {
  local word="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}"
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${names}" -- "$word") $(compgen -f -- "$word"))
    return
  fi
  case "$before" in
${choices.join("")}  esac
  case "\${COMP_WORDS[1]}" in
${cases.join("")}    *) COMPREPLY=($(compgen -f -- "$word"));;
  esac
}
complete -o filenames -F _sluice sluice
`;
}

function zshScript(commands: readonly Command[]): string {
  const names = commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}\n`);
  const cases = commands.map((command) => {
    const options = Object.entries(command.options).map(([name, option]) =>
      ` ${quote(`--${name}[${zshText(option.about)}]${zshValue(option)}`)}`
    );
    return `      ${wordsOf(command).join("|")}) _arguments${options.join("")} ${zshRest(command)};;\n`;
  });
  return `#compdef sluice
_sluice() {
  local -a commands
  commands=(
${names.join("")}  )
  if (( CURRENT == 2 )); then
    _describe command commands
    _files
    return
  fi
  local word=$words[2]
  shift words
  (( CURRENT-- ))
  case $word in
${cases.join("")}      *) _files;;
  esac
}
compdef _sluice sluice
`;
}

function zshValue({ type, choices, value = "" }: CommandOption): string {
  if (type === "boolean") return "";
  if (choices) return `:value:(${choices.join(" ")})`;
  return PATH_VALUES.has(value) ? ":path:_files" : `:${zshText(value) || "value"}:`;
}

function zshRest(command: Command): string {
  const words = positionalWords(command);
  if (words.length > 0) return quote(`*:word:(${words.join(" ")})`);
  return command.positionals.complete === "files" ? quote("*:file:_files") : "";
}

function zshText(text: string): string {
  return text.replace(/[[\]:]/g, "\\$&");
}

function fishScript(commands: readonly Command[]): string {
  const lines = commands.flatMap((command) => {
    const inCommand = `-n ${quote(`__fish_seen_subcommand_from ${wordsOf(command).join(" ")}`)}`;
    const words = positionalWords(command);
    return [
      `complete -c sluice -n __fish_use_subcommand -a ${command.name} -d ${quote(command.summary)}`,
      ...words.length > 0 ? [`complete -c sluice ${inCommand} -f -a ${quote(words.join(" "))}`] : [],
      ...Object.entries(command.options).map(([name, option]) =>
        `complete -c sluice ${inCommand} -l ${name}${fishValue(option)} -d ${quote(option.about)}`
      ),
    ];
  });
  return `${lines.join("\n")}\n`;
}

function fishValue({ type, short, choices, value = "" }: CommandOption): string {
  const letter = short === undefined ? "" : ` -s ${short}`;
  if (type === "boolean") return letter;
  if (choices) return `${letter} -x -a ${quote(choices.join(" "))}`;
  return PATH_VALUES.has(value) ? `${letter} -r -F` : `${letter} -x`;
}

/** One word of a shell, whatever it holds. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}
