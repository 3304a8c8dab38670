import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { checkExchange } from './check-exchange.ts';

/** Stands for GitHub's API, on a socket of this machine, and answers what the guides ask for. */
export interface GitHubDouble {
  readonly socket: string;
  /** A token by which the requests of one run are known. */
  newToken(): string;
  /** What was sent with this token. */
  judge(token: string): Sent;
  close(): void;
}

export interface Sent {
  readonly requests: number;
  /** What in them is not as GitHub describes its API. */
  readonly problems: readonly string[];
}

type Answer = readonly [status: number, body: object | null];

const NOTHING: Answer = [204, null];
const KEY = Buffer.alloc(32, 1).toString('base64');
const WORKFLOW = { id: 1, name: 'Deploy an image', path: '.github/workflows/deploy-only.yml', state: 'active' };
const REPOSITORY = { id: 42, name: 'agent', full_name: 'acme/agent', default_branch: 'main' };

const ANSWERS: readonly (readonly [RegExp, Answer])[] = [
  [/^GET \/repos\/acme\/agent$/, [200, REPOSITORY]],
  [
    /^GET \/repos\/acme\/agent\/actions\/oidc\/customization\/sub$/,
    [200, { sub_claim_prefix: 'repo:acme@1/agent@42' }],
  ],
  [/^GET \/users\/ann$/, [200, { id: 7, login: 'ann' }]],
  [/^PUT \/repos\/acme\/agent\/environments\/\w+$/, [200, {}]],
  [/^DELETE \/repos\/acme\/agent\/environments\/\w+$/, NOTHING],
  [
    /^GET \/repos\/acme\/agent\/environments\/\w+\/deployment-branch-policies$/,
    [200, { branch_policies: [{ name: 'main' }] }],
  ],
  [/^POST \/repos\/acme\/agent\/environments\/\w+\/deployment-branch-policies$/, [200, {}]],
  [/^POST \/repos\/acme\/agent\/(?:environments\/\w+|actions)\/variables$/, [201, {}]],
  [/^GET \/repos\/acme\/agent\/environments\/\w+\/secrets\/public-key$/, [200, { key_id: '1', key: KEY }]],
  [/^PUT \/repos\/acme\/agent\/environments\/\w+\/secrets\/\w+$/, [201, {}]],
  [/^GET \/repos\/acme\/agent\/actions\/workflows\/[\w.-]+$/, [200, WORKFLOW]],
  [/^POST \/repos\/acme\/agent\/actions\/workflows\/\w+\/dispatches$/, NOTHING],
  // `gh variable set --env` asks for the repository's number, and fails if it gets more.
  [/^POST \/graphql MapRepositoryNames$/, [200, { data: { repo_000: { databaseId: REPOSITORY.id } } }]],
  // For `gh workflow run`: the default branch.
  [
    /^POST \/graphql \w+$/,
    [
      200,
      {
        data: { repository: { id: 'R', name: 'agent', owner: { login: 'acme' }, defaultBranchRef: { name: 'main' } } },
      },
    ],
  ],
];

const API_HOST = 'api.github.com';
/** gh names a repository by its number too. GitHub's description knows owner and name only. */
const BY_NUMBER = `/repositories/${REPOSITORY.id}/`;

export async function openGitHubDouble(socket: string): Promise<GitHubDouble> {
  const sent = new Map<string, { requests: number; readonly problems: string[] }>();
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const url = new URL((request.url ?? '/').replace(BY_NUMBER, '/repos/acme/agent/'), `https://${API_HOST}`);
    const query = url.pathname === '/graphql' ? ` ${/query (\w+)/.exec(body)?.[1]}` : '';
    const operation = `${request.method} ${url.pathname}${query}`;
    const seen = sent.get(tokenOf(request));
    // gh sends what is for other hosts to the same socket, such as the questions for Sigstore's roots.
    if (seen && request.headers.host === API_HOST) {
      seen.requests += 1;
      if (url.pathname !== '/graphql') seen.problems.push(...problemsOf(request, url, body));
    }
    const [status, answer] = ANSWERS.find(([pattern]) => pattern.test(operation))?.[1] ?? [
      404,
      { message: 'Not Found' },
    ];
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' });
    response.end(answer === null ? undefined : JSON.stringify(answer));
  });
  await once(server.listen(socket), 'listening');
  return {
    socket,
    newToken() {
      const token = `ghp_planted${sent.size}`;
      sent.set(token, { requests: 0, problems: [] });
      return token;
    },
    judge: (token) => sent.get(token) ?? { requests: 0, problems: [] },
    close: () => void server.close(),
  };
}

function tokenOf({ headers }: IncomingMessage): string {
  return headers.authorization?.split(' ').at(-1) ?? '';
}

/** Of the request only: what is answered here has no more than what the commands look at. */
function problemsOf({ method = '' }: IncomingMessage, url: URL, body: string): readonly string[] {
  const parsed: unknown = body === '' ? undefined : JSON.parse(body);
  return checkExchange({
    method,
    path: url.pathname,
    query: url.searchParams,
    body: parsed,
    status: 403,
    answer: null,
  });
}
