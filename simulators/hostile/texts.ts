/** In each text below, so that it is found again. */
export const MARK = 'h0st1le';

/** What a log must not act on, and a summary must not show as its own. */
export const HOSTILE_TEXT = [
  `::error file=app.js,line=1::${MARK}`,
  `::set-env name=PATH::${MARK}`,
  `  ::add-path::${MARK}`,
  `::stop-commands::${MARK}`,
  `##[error]${MARK}`,
  `##vso[task.setvariable variable=x]${MARK}`,
  `\u001b[2J\u001b[31m${MARK}\u001b]0;${MARK}\u0007\u009b31m`,
  `</details><h1>${MARK}</h1><img src=x onerror=alert(1)><!-- ${MARK}`,
  `\`\`\`\n# ${MARK}\n[click](https://collector.example/${MARK}) @octocat www.collector.example`,
  `| ${MARK} | deployed |\r\n|---|---|\r`,
  `\u202e${MARK}\u2066\u200b\u{e0041}`,
].join('\n');

/** What a page is quoted with ends after a few hundred characters, so this comes by itself. */
export const HOSTILE_HTML = `</summary></details><h1>${MARK}</h1><img src=x onerror=alert(1)><script>${MARK}</script><!-- ${MARK}`;
export const HOSTILE_MARKDOWN = `| ${MARK} |\n# ${MARK}\n[x](https://collector.example/) ![x](https://collector.example/) @octocat`;

/** On one line, as a header or a JSON string may hold it. */
export const HOSTILE_LINE = HOSTILE_TEXT.replace(/[\r\n]+/g, ' ');

/** As much of it as a header may hold. */
export const HOSTILE_HEADER = HOSTILE_LINE.replace(/[^\x20-\x7e]/g, '');
