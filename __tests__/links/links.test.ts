import { existsSync, globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { anchorsOf, withoutBlocks } from './anchors.ts';

const root = path.resolve(import.meta.dirname, '../..');
const PAGES = ['*.md', '{docs,src,simulators,conformance,faults,bench,demo,__tests__,infrastructure}/**/*.md'];
const pages = PAGES.flatMap((pattern) => globSync(pattern, { cwd: root })).sort();
/** Pages on GitHub's site that are files of this repository. */
const OWN = /^https:\/\/github\.com\/org\/deploy-agent\/(?:blob|tree)\/(?:main|v1)\/(.*)$/;

/** Links of a page that lead nowhere: no such file, no such heading. Other sites are not asked. */
function brokenLinks(page: string, text: string): readonly string[] {
  const prose = withoutBlocks(text).replace(/`[^`\n]*`/g, '`code`');
  const inline = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
  const named = [...prose.matchAll(/^\[[^\]]+\]: (\S+)/gm)].map(([, target]) => target!);
  return [...inline, ...named].filter((target) => leadsNowhere(page, target));
}

function leadsNowhere(page: string, target: string): boolean {
  const own = OWN.exec(target)?.[1];
  if (own === undefined && /^[a-z]+:/.test(target)) return false;
  const [file = '', anchor] = (own ?? target).split('#');
  const base = own === undefined ? path.dirname(page) : '.';
  const found = path.join(root, file === '' ? page : path.join(base, file));
  if (!existsSync(found)) return true;
  return anchor !== undefined && found.endsWith('.md') && !anchorsOf(readFileSync(found, 'utf8')).includes(anchor);
}

test('no link in any page leads to a file or a heading that is not there', () => {
  expect(pages.length).toBeGreaterThan(30);
  const broken = pages.flatMap((page) =>
    brokenLinks(page, readFileSync(path.join(root, page), 'utf8')).map((target) => `${page}: ${target}`),
  );
  expect(broken).toEqual([]);
});

test('nor one in a template, a workflow, a script or what the action prints', () => {
  const files = globSync('{workflow-templates,.github/workflows,src,infrastructure/setup}/**/*.{yml,ts,sh}', {
    cwd: root,
  });
  const links = files.flatMap((file) =>
    [
      ...readFileSync(path.join(root, file), 'utf8').matchAll(
        /https:\/\/github\.com\/org\/deploy-agent\/[\w/.#-]+[\w]/g,
      ),
    ]
      .map(([link]) => link)
      .filter((link) => leadsNowhere(file, link))
      .map((link) => `${file}: ${link}`),
  );
  expect(files.length).toBeGreaterThan(100);
  expect(links).toEqual([]);
});

test('nor does a page that is only named there', () => {
  const files = globSync(
    '{workflow-templates,.github/workflows,src,infrastructure/setup,conformance,scripts}/**/*.{yml,ts,js,sh}',
    {
      cwd: root,
    },
  );
  const named = files.flatMap((file) =>
    [...readFileSync(path.join(root, file), 'utf8').matchAll(/(?<![\w/])docs\/[\w-]+\.md(?:#[\w-]+)?/g)]
      .map(([name]) => name)
      .filter((name) => leadsNowhere('planted.md', name))
      .map((name) => `${file}: ${name}`),
  );
  expect(named).toEqual([]);
});

test('the index names every page of docs/, once in its lists', () => {
  const index = readFileSync(path.join(root, 'docs/README.md'), 'utf8');
  const linked = [...index.matchAll(/\]\(([\w/-]+\.md)\)/g)].map(([, file]) => file!);
  const there = globSync('docs/**/*.md', { cwd: root }).map((file) => path.relative('docs', file));
  expect(linked.sort()).toEqual(there.filter((file) => file !== 'README.md').sort());
});

describe('a broken link is found', () => {
  test.each([
    ['a file', '[a](nothing.md)', 'nothing.md'],
    ['a heading', '[a](verify.md#nothing)', 'verify.md#nothing'],
    ['a heading of its own page', '# A b\n\n[a](#a-c)', '#a-c'],
    ['a page on GitHub', '[a](https://github.com/org/deploy-agent/blob/main/docs/none.md)', undefined],
    ['a reference', '[a]: nothing.md', 'nothing.md'],
  ])('to %s', (_, text, target) => {
    expect(brokenLinks('docs/planted.md', text)).toEqual([target ?? expect.stringContaining('none.md')]);
  });

  test('and nothing else', () => {
    const text = '[a](verify.md) [b](https://example.com/x#y) `[c](d.md)`\n\n```\n[e](f.md)\n```\n';
    expect(brokenLinks('docs/planted.md', text)).toEqual([]);
  });

  test('by the anchors that GitHub makes', () => {
    expect(anchorsOf('# A `b_c` (D), e\n## 1. Trust (OIDC)\n## A\n## A\n')).toEqual([
      ...['a-b_c-d-e', '1-trust-oidc', 'a', 'a-1'],
    ]);
  });
});
