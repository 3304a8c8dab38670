/** docs/words.md as a table that a test can check. */
export interface Rule {
  readonly pattern: RegExp;
  /** What to write instead; a red test prints it. */
  readonly instead: string;
  /** A text that the rule finds, so that no rule is dead. */
  readonly example: string;
}

// Only the forms that the glossary condemns: "the label remains", "requests sent", "fails the job" are plain English.
export const glossary: readonly Rule[] = [
  {
    pattern: /\bway back\b/,
    instead: 'rollback',
    example: 'time for the way back',
  },
  {
    pattern: /\b(?:put|puts|putting) (?:[\w-]+ ){0,4}back\b/,
    instead: 'roll back, restore',
    example: 'puts the old image back',
  },
  {
    pattern: /\b(?:go|goes|going|gone|went) back\b/,
    instead: 'roll back, return',
    example: 'nothing to go back to',
  },
  {
    pattern: /\bran before\b/,
    instead: 'the previous revision (is restored)',
    example: 'what ran before runs again',
  },
  {
    pattern: /\b(?:put|puts|putting) (?:[\w-]+ ){0,4}live\b|\btruthful(?:ly)?\b/,
    instead: 'deploy, deploy and verify',
    example: 'put the image live',
  },
  {
    pattern: /\bjudg(?:e|es|ed|ing)\b/,
    instead: 'analyze, bake, check',
    example: 'judge it at 5%',
  },
  {
    pattern: /\b(?:do|does|did|doing) well\b/,
    instead: 'healthy, passed',
    example: 'agent:3 did well at 5%',
  },
  {
    pattern: /\bsick\b/,
    instead: 'unhealthy',
    example: 'a canary that gets sick',
  },
  {
    pattern: /\btheirs\b|\b(?:is|are|was|were|be) left alone\b/,
    instead: 'a newer deployment, another deployment (was not touched)',
    example: 'theirs is left alone',
  },
  {
    pattern: /\bsome(?:body|one) else(?:['’]s)?\b/,
    instead: 'another deployment, another user',
    example: 'somebody else’s deployment',
  },
  {
    pattern: /\bcould not accept\b/,
    instead: 'smoke tests failed on …',
    example: 'could not accept agent:3',
  },
  {
    pattern: /\blook(?:s|ed|ing)? at what\b/,
    instead: 'read the current state',
    example: 'look at what runs now',
  },
  {
    pattern: /\bpin(?:s|ned|ning)? (?:the |an? |each )?images?\b|\bimages? (?:is|are|was|were) (?:being )?pinned\b/,
    instead: 'resolve the image digest',
    example: 'pin the image',
  },
  {
    pattern: /\b(?:does not|doesn['’]t) list (?:it|them) yet\b/,
    instead: 'update submitted, waiting for the deployment to be listed',
    example: 'sent; the platform does not list it yet',
  },
  {
    pattern: /\bon (?:its|their) way\b/,
    instead: 'in progress, planned',
    example: 'the traffic is on its way',
  },
  {
    pattern: /\bthere already\b|\balready there\b/,
    instead: 'already present',
    example: '0 there already',
  },
  {
    pattern: /\bread back\b|\bsmoke test passes on it\b/,
    instead: 'verified: smoke tests pass on …',
    example: 'read back, and every smoke test passes on it',
  },
  {
    pattern: /\bgot nothing\b/,
    instead: 'is required (the value is empty)',
    example: 'got nothing; expected a name',
  },
  {
    pattern: /\b(?:one is|are) wrong:|(?:^|[.;\n] ?)There: /,
    instead: '1 invalid input:, available services: …',
    example: 'one is wrong: image. There: agent.',
  },
  {
    pattern: /\bknows? no (?:such )?\w+/,
    instead: 'not found, not supported',
    example: 'Google knows no such service',
  },
  {
    pattern: /\bmend(?:s|ed|ing)?\b/,
    instead: 'fix, fixed, fixable',
    example: 'can be mended',
  },
  {
    pattern: /\blast words?\b/,
    instead: 'last log lines',
    example: 'its last words',
  },
  {
    pattern: /\bvisitors?\b|\basked (?:\d+|\{\}) times\b/,
    instead: '121 requests sent, 0 failed',
    example: 'a visitor asked 121 times',
  },
  {
    pattern:
      /\b(?:to|may|can|let GitHub) be (?:the|that|this|an?|any) (?:\w+ )?(?:role|identity|service account|account|application)\b/,
    instead: 'GitHub assumes a role (OIDC), impersonates a service account',
    example: 'GitHub may be a role',
  },
  {
    pattern: /\bpage somebody\b/,
    instead: 'needs manual action now',
    example: 'page somebody',
  },
  {
    pattern: /^seen$|\| *seen *\|/,
    instead: 'Result',
    example: '| Test | Seen |',
  },
  {
    pattern: /\banew\b/,
    instead: 'again',
    example: 'logs in anew',
  },
  {
    pattern: /\bfor ever\b/,
    instead: 'permanently',
    example: 'stays for ever',
  },
  {
    pattern: /\bsomebody\b|\bnobody\b|\beverybody\b/,
    instead: 'a user, another deployment, no one',
    example: 'somebody gave it traffic',
  },
  {
    pattern: /\bso already\b/,
    instead: 'unchanged',
    example: 'what is so already',
  },
  {
    pattern: /\bglances?\b|\bwhole looks?\b/,
    instead: 'poll, full read',
    example: 'a glance is one call',
  },
  {
    pattern: /\bthe remains\b|\bremains of\b|\bwish(?:es)?\b/,
    instead: 'leftovers, options',
    example: 'the remains of a copy',
  },
  {
    pattern: /(?:\d|\{\}) %(?![\w-])/,
    instead: '5%, without a space',
    example: '5 % of the traffic',
  },
];
