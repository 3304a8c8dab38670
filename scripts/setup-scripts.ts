/** A guide as its script needs it: what is pasted, in the order of the page. */
export interface Guide {
  /** Of the block under "Variables": `PORT=8080  # the port`. Those whose value is in capitals have to be given. */
  readonly variables: readonly Variable[];
  /** The block under "Look-ups": it only reads. */
  readonly lookUps: string;
  readonly steps: readonly Step[];
}

export interface Variable {
  readonly name: string;
  readonly value: string;
  readonly comment: string;
  readonly required: boolean;
}

export interface Step {
  readonly number: number;
  readonly title: string;
  readonly part: 'once' | 'each' | 'teardown-each' | 'teardown-once';
  readonly commands: string;
}

/** The scripts that are made of the guides: page -> script. */
export const setupScripts: Readonly<Record<string, string>> = {
  'docs/setup-aws.md': 'infrastructure/setup/aws.sh',
  'docs/setup-google-cloud.md': 'infrastructure/setup/google-cloud.sh',
  'docs/setup-azure.md': 'infrastructure/setup/azure.sh',
  'docs/setup-kubernetes.md': 'infrastructure/setup/kubernetes.sh',
};

const PARTS: readonly (readonly [RegExp, Step['part']])[] = [
  [/^Once for /, 'once'],
  [/^For each environment$/, 'each'],
  [/^Teardown of an environment$/, 'teardown-each'],
  [/^Teardown of the /, 'teardown-once'],
];

/**
 * Reads the blocks of `sh` below "Variables", "Look-ups" and each numbered heading. Others are not for the script.
 * @throws Error for a numbered heading without commands, in an unknown part, or out of order.
 */
export function readGuide(page: string): Guide {
  const sections = page.split(/^(?=#{2,3} )/m).map((text) => ({ heading: text.split('\n')[0]!, text }));
  const blocks = (heading: string) =>
    sections.filter((section) => section.heading === heading).flatMap(({ text }) => shellBlocks(text));
  let part: Step['part'] | undefined;
  const steps: Step[] = [];
  for (const { heading, text } of sections) {
    if (heading.startsWith('## ')) part = PARTS.find(([pattern]) => pattern.test(heading.slice(3)))?.[1];
    const [, number, title] = /^### (\d+)\. (.*)$/.exec(heading) ?? [];
    if (number === undefined || title === undefined) continue;
    const commands = shellBlocks(text).join('\n');
    if (!part || commands === '' || Number(number) !== steps.length + 1)
      throw new Error(`"${heading}" has no commands, is in an unknown part, or is out of order`);
    steps.push({ number: Number(number), title, part, commands });
  }
  return {
    variables: blocks('## Variables').join('\n').split('\n').map(readVariable),
    lookUps: blocks('### Look-ups').join('\n'),
    steps,
  };
}

/** @throws Error for a line that is no `NAME=value`. */
function readVariable(line: string): Variable {
  const [, name, value, comment] = /^([A-Z_]+)=(\S*)(?:\s+# (.*))?$/.exec(line) ?? [];
  if (name === undefined || value === undefined) throw new Error(`"${line}" is no NAME=value of a guide`);
  return { name, value, comment: comment ?? '', required: /^[A-Z][A-Z/-]+$/.test(value) };
}

function shellBlocks(text: string): readonly string[] {
  return [...text.matchAll(/^```sh\n(.*?)\n```$/gms)].map(([, block]) => block!);
}

/** The script of this page: prints the commands of the guide, and runs them with `--apply`. */
export function setupScript(pageName: string, page: string): string {
  const { variables, lookUps, steps } = readGuide(page);
  const script = setupScripts[pageName]!;
  const required = variables.filter((variable) => variable.required).map(({ name }) => name);
  const call = `${required.map((name) => `${name}=…`).join(' ')} bash ${script}`;
  return [
    '#!/usr/bin/env bash',
    `# Prints the commands of ${pageName}, and runs them with --apply. \`npm run readme\` writes this file: change that page.`,
    `#   ${call} [--teardown] [--from STEP] [--apply]`,
    '# The variables below can be set in the environment, and ENVIRONMENTS, default: "staging production".',
    '# --from: begins with this step of the first of them.',
    'set -euo pipefail',
    '',
    `NAMES="${variables
      .map(({ name }) => name)
      .filter((name) => name !== 'ENVIRONMENT')
      .join(' ')}"`,
    'GIVEN=',
    'for NAME in $NAMES; do',
    `  if [ -n "\${!NAME:-}" ]; then GIVEN="$GIVEN $NAME"; fi`,
    'done',
    ...variables.filter(({ name }) => name !== 'ENVIRONMENT').map(declare),
    `ENVIRONMENTS="\${ENVIRONMENTS:-staging production}"`,
    `REQUIRED="${required.join(' ')}"`,
    `PAGE=${pageName}`,
    '',
    ...asFunction('look_up', 'Look-ups', lookUps),
    ...steps.flatMap(({ number, title, commands }) => asFunction(`step_${number}`, `${number}. ${title}`, commands)),
    ...sequence('set_up', steps, ['once', 'each']),
    ...sequence('tear_down', steps, ['teardown-each', 'teardown-once']),
    DRIVER,
  ].join('\n');
}

function declare({ name, value, comment, required }: Variable): string {
  return `${name}="\${${name}:-${required ? '' : value}}"${comment === '' ? '' : ` # ${comment}`}`;
}

/** The end is marked, as a line of JSON may be a brace too. */
function asFunction(name: string, title: string, commands: string): readonly string[] {
  return [`${name}() { # ${title}`, commands, `} # ${name}`, ''];
}

/** Prints the steps in their order, with the environment of each: `4:staging`. What is done once is done with the first of them. */
function sequence(name: string, steps: readonly Step[], parts: readonly Step['part'][]): readonly string[] {
  const numbers = (part: Step['part']) => steps.filter((step) => step.part === part).map(({ number }) => number);
  const lines = parts.flatMap((part) => {
    const own = numbers(part).join(' ');
    if (own === '') return [];
    return part.endsWith('each')
      ? `  for EACH in $ENVIRONMENTS; do printf "%s:$EACH " ${own}; done`
      : `  printf "%s:\${ENVIRONMENTS%% *} " ${own}`;
  });
  return [`${name}() {`, ...lines, '}', ''];
}

const DRIVER = `
apply=no
from=1
story=set_up
while [ $# -gt 0 ]; do
  case $1 in
    --apply) apply=yes ;;
    --teardown) story=tear_down ;;
    --from)
      from=\${2:?--from needs the number of a step}
      shift
      ;;
    *)
      echo "could not start: unknown argument \\"$1\\"; expected --teardown, --from STEP or --apply" >&2
      exit 2
      ;;
  esac
  shift
done
for NAME in $REQUIRED; do
  if [ -z "\${!NAME}" ]; then
    echo "could not start: $NAME is required. Set it in the environment; $PAGE says what it is" >&2
    exit 2
  fi
done
plan=" $("$story")"
case $from:$plan in
  1:* | *" $from:"*) ;;
  *)
    echo "could not start: --from \\"$from\\" is not the number of a step" >&2
    exit 2
    ;;
esac

# The commands as they are written here, after the variables that they use.
show() {
  awk -v name="$1" 'index($0, name "() {") == 1 { on = 1; next } $0 == "} # " name { on = 0 } on' "$0"
}

ENVIRONMENT=
current=
enter() {
  ENVIRONMENT=$1
  current=
  printf '\\nENVIRONMENT=%s\\n' "$ENVIRONMENT"
  show look_up
  if [ "$apply" = yes ]; then look_up; fi
}
run() {
  current=$1
  printf '\\n# %s: ' "$ENVIRONMENT"
  awk -v name="step_$1" 'index($0, name "() {") == 1 { sub(/^[^#]*# /, ""); print }' "$0"
  show "step_$1"
  if [ "$apply" = yes ]; then "step_$1"; fi
}
stopped() {
  # A command in $(...) fails, then the one that it is part of.
  if [ "$BASH_SUBSHELL" -gt 0 ]; then return; fi
  local left=$next first arguments=
  if [ -z "$current" ]; then
    echo "could not look up what the steps for $ENVIRONMENT need: the command above failed." >&2
    echo 'Fix the cause. Then continue:' >&2
  else
    echo "could not finish step $current for $ENVIRONMENT: the command above failed, those before it were done." >&2
    left=\${plan#* "$next" }
    left=\${left%% *}
    if [ -z "$left" ]; then
      echo 'Fix the cause and run the rest of this step by hand. It is the last one.' >&2
      return
    fi
    echo 'Fix the cause and run the rest of this step by hand. Then continue with the next step:' >&2
  fi
  first=\${left#*:}
  local all=" $ENVIRONMENTS "
  all="$first \${all#* "$first" }"
  if [ "$story" = tear_down ]; then arguments='--teardown '; fi
  {
    printf '  '
    for NAME in $GIVEN; do assign "$NAME"; done
    echo "ENVIRONMENTS=\\"\${all% }\\" bash $0 $arguments--from \${left%%:*} --apply"
  } >&2
}
assign() {
  case $1 in
    *_TOKEN) printf '%s=… ' "$1" ;;
    *) printf '%s=%q ' "$1" "\${!1}" ;;
  esac
}
set -E
if [ "$apply" = yes ]; then trap stopped ERR; fi

echo "# The commands of $PAGE"
for NAME in $NAMES; do
  case $NAME:\${!NAME} in
    *_TOKEN:?*) printf '%s=…\\n' "$NAME" ;;
    *) printf '%s=%q\\n' "$NAME" "\${!NAME}" ;;
  esac
done
for next in $plan; do
  if [ "\${next%%:*}" -lt "$from" ]; then continue; fi
  from=1
  if [ "\${next#*:}" != "$ENVIRONMENT" ]; then enter "\${next#*:}"; fi
  run "\${next%%:*}"
done
if [ "$apply" = no ]; then
  printf '\\n# Nothing was changed. With --apply, these commands are run.\\n'
fi
`;
