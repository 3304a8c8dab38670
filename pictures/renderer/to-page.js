// Markdown on standard input, as one HTML page on standard output. Its argument: light or dark.
// GitHub's own renderer is not public: micromark follows the same specification (GFM), the style sheet is GitHub's own,
// and Mermaid is the library that GitHub uses.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';

const theme = process.argv[2] === 'dark' ? 'dark' : 'light';
const resolve = createRequire(import.meta.url).resolve;
const css = readFileSync(resolve(`github-markdown-css/github-markdown-${theme}.css`), 'utf8');
const mermaid = pathToFileURL(resolve('mermaid/dist/mermaid.min.js')).href;

const markdown = await text(process.stdin);
const body = micromark(markdown, { allowDangerousHtml: true, extensions: [gfm()], htmlExtensions: [gfmHtml()] });
// GitHub shows a code block of this language as a diagram.
const withDiagrams = body.replace(
  /<pre><code class="language-mermaid">([\s\S]*?)<\/code><\/pre>/g,
  '<pre class="mermaid">$1</pre>',
);

process.stdout.write(`<!doctype html>
<meta charset="utf-8">
<style>${css}
body { margin: 0; }
.markdown-body { box-sizing: border-box; width: 900px; padding: 24px; font-family: "Liberation Sans", sans-serif; }
.markdown-body .mermaid { background: none; padding: 0; text-align: center; }
</style>
<article class="markdown-body">${withDiagrams}</article>
<script src="${mermaid}"></script>
<script>
mermaid.initialize({ startOnLoad: false, theme: '${theme === 'dark' ? 'dark' : 'default'}' });
mermaid.run().catch((error) => { document.body.dataset.problem = String(error); }).finally(() => {
  document.body.dataset.height = document.querySelector('article').offsetHeight;
});
</script>
`);
