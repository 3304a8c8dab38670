import type { Call } from './record.ts';

/** What exists in a cloud and on GitHub: `role/deploy-staging`. */
export interface Effect {
  /** Each has to exist before. */
  readonly needs?: readonly string[];
  readonly makes?: readonly string[];
  /** Each has to exist before, and is gone afterwards, with all whose name begins with it and a slash. */
  readonly removes?: readonly string[];
  /** Nothing whose name begins so may exist. */
  readonly blockedBy?: readonly string[];
}

export interface Parsed {
  /** All words but the program: `iam create-role --role-name deploy`. */
  readonly line: string;
  /** The value of an option, '' without it. */
  of(option: string): string;
  readonly input: string;
}

export interface Rule {
  /** At the start of the line, behind the program. */
  readonly call: RegExp;
  readonly effect: (call: Parsed) => Effect;
}

export function parse({ program, args, input }: Call): Parsed {
  return {
    line: `${program} ${args.join(' ')}`,
    of: (option) => args[args.indexOf(option) + 1 || args.length] ?? '',
    input,
  };
}

/**
 * Plays the calls on what exists, by the rules of their clouds.
 * @returns what is wrong, and what exists in the end. A call that no rule knows is wrong too.
 */
export function play(calls: readonly Call[], rules: readonly Rule[], existing: readonly string[] = []) {
  const there = new Set(existing);
  const wrong: string[] = [];
  for (const call of calls) {
    const parsed = parse(call);
    const rule = rules.find((each) => each.call.test(parsed.line));
    const title = parsed.line.slice(0, 90);
    if (!rule) {
      wrong.push(`${title}: no rule`);
      continue;
    }
    const { needs = [], makes = [], removes = [], blockedBy = [] } = rule.effect(parsed);
    for (const name of [...needs, ...removes]) if (!there.has(name)) wrong.push(`${title}: there is no ${name}`);
    for (const prefix of blockedBy)
      for (const name of there) if (name.startsWith(prefix)) wrong.push(`${title}: ${name} exists`);
    for (const name of makes) if (there.has(name)) wrong.push(`${title}: ${name} exists already`);
    for (const name of removes)
      for (const each of there) if (each === name || each.startsWith(`${name}/`)) there.delete(each);
    for (const name of makes) there.add(name);
  }
  return { wrong, there: [...there].sort() };
}

/** GitHub: an environment before its branches, variables and secrets. */
export const gitHubRules: readonly Rule[] = [
  { call: /^gh api repos\/acme\/agent( |\/actions\/oidc)/, effect: () => ({}) },
  { call: /^gh api users\//, effect: () => ({}) },
  // Silent: where PAGER is set, gh gives the answer to a pager, which takes what is pasted behind the command.
  {
    call: /^gh api --method PUT repos\/acme\/agent\/environments\/\w+ --silent /,
    effect: ({ line, input }) => {
      JSON.parse(input);
      return { makes: [environmentIn(line)] };
    },
  },
  {
    call: /^gh api --method POST repos\/acme\/agent\/environments\/\w+\/deployment-branch-policies --silent /,
    effect: ({ line }) => ({ needs: [environmentIn(line)], makes: [`${environmentIn(line)}/branch-policy`] }),
  },
  {
    call: /^gh api repos\/acme\/agent\/environments\/\w+\/deployment-branch-policies /,
    effect: ({ line }) => ({ needs: [environmentIn(line)] }),
  },
  {
    call: /^gh variable set /,
    effect: ({ line, of }) => {
      const environment = `environment/${of('--env')}`;
      if (of('--body') === '') throw new Error(`the variable has no value: ${line}`);
      return { needs: [environment], makes: [`${environment}/${/set (\w+)/.exec(line)![1]}`] };
    },
  },
  {
    call: /^gh secret set /,
    effect: ({ line, of, input }) => {
      if (input === '') throw new Error(`the secret has no value: ${line}`);
      const environment = `environment/${of('--env')}`;
      return { needs: [environment], makes: [`${environment}/${/set (\w+)/.exec(line)![1]}`] };
    },
  },
  {
    call: /^gh api --method DELETE repos\/acme\/agent\/environments\/\w+$/,
    effect: ({ line }) => ({ removes: [environmentIn(line)] }),
  },
];

function environmentIn(line: string): string {
  return `environment/${/environments\/(\w+)/.exec(line)![1]}`;
}
