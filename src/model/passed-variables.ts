/**
 * Never passed to a command, whoever asks for it. INPUT_* and STATE_* hold this step's inputs and journal; the tokens could
 * act as the whole job; through the files of the runner's commands a script could rewrite the journal that the post step
 * rolls back from, or this step's outputs and summary.
 */
const WITHHELD =
  /^(?:INPUT_.*|STATE_.*|ACTIONS_ID_TOKEN_REQUEST_.*|ACTIONS_(?:RUNTIME|RESULTS|CACHE)_.*|GITHUB_(?:STATE|OUTPUT|ENV|PATH|STEP_SUMMARY|ARTIFACTS))$/i;

/** What programs need to start, to find each other and to reach the network. None of it is a credential of a cloud. */
const SYSTEM = [
  ...[
    'PATH',
    'HOME',
    'USER',
    'LOGNAME',
    'SHELL',
    'TERM',
    'TZ',
    'LANG',
    'LANGUAGE',
    'LC_*',
    'TMPDIR',
    'TEMP',
    'TMP',
    'CI',
  ],
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY'],
  ...['SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'],
  ...['LD_LIBRARY_PATH', 'JAVA_HOME', 'GOROOT', 'DOTNET_ROOT', 'PYTHONLOCATION', 'VIRTUAL_ENV'],
  ...['SYSTEMROOT', 'SYSTEMDRIVE', 'WINDIR', 'COMSPEC', 'PATHEXT', 'USERPROFILE', 'APPDATA', 'LOCALAPPDATA'],
  ...['PROGRAMDATA', 'PROGRAMFILES', 'MSYSTEM'],
];

/** What GitHub says about the run. By name, as anyone may call a token GITHUB_SOMETHING. */
const RUN = [
  ...[
    'ACTION',
    'ACTIONS',
    'ACTION_PATH',
    'ACTION_REF',
    'ACTION_REPOSITORY',
    'ACTOR',
    'ACTOR_ID',
    'API_URL',
    'BASE_REF',
  ],
  ...['EVENT_NAME', 'EVENT_PATH', 'GRAPHQL_URL', 'HEAD_REF', 'JOB', 'REF', 'REF_NAME', 'REF_PROTECTED', 'REF_TYPE'],
  ...['REPOSITORY', 'REPOSITORY_ID', 'REPOSITORY_OWNER', 'REPOSITORY_OWNER_ID', 'RETENTION_DAYS', 'RUN_ATTEMPT'],
  ...['RUN_ID', 'RUN_NUMBER', 'SERVER_URL', 'SHA', 'TRIGGERING_ACTOR', 'WORKFLOW', 'WORKFLOW_REF', 'WORKFLOW_SHA'],
  ...['WORKSPACE'],
].map((name) => `GITHUB_${name}`);

const RUNNER = ['ARCH', 'DEBUG', 'ENVIRONMENT', 'NAME', 'OS', 'TEMP', 'TOOL_CACHE', 'WORKSPACE'].map(
  (name) => `RUNNER_${name}`,
);

const USUAL = [...SYSTEM, ...RUN, ...RUNNER];

/** May a user ask for it? `name`: of a variable, or `PREFIX_*`, which passes nothing that is withheld. */
export function isPassable(name: string): boolean {
  return !WITHHELD.test(name);
}

/** Is the variable passed to a command? `asked`: names, or `PREFIX_*`, exactly as they are written. */
export function isPassed(name: string, asked: readonly string[]): boolean {
  if (WITHHELD.test(name)) return false;
  // Proxies are written in both cases, and Windows knows no difference.
  return USUAL.some((usual) => matches(name.toUpperCase(), usual)) || asked.some((pattern) => matches(name, pattern));
}

function matches(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
