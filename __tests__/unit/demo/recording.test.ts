import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { clouds } from '../../../demo/clouds.ts';
import { recordingSvg, type Written } from '../../../pictures/recording-svg.ts';

const ESC = '\u001b';
const options = { columns: 80, command: 'npm run demo', seconds: 10.8, title: 'a <demo> & more' };
const again = (text: string): string => `\r${ESC}[2K${text}`;

/** Over ten seconds, which the recording has too, after its pause of 0.8. */
const written: readonly Written[] = [
  { at: 1_000, text: 'Cloud\n' },
  { at: 2_000, text: again(`${ESC}[33m●${ESC}[0m story ${ESC}[2m··${ESC}[0m <b> & "x"`) },
  { at: 4_000, text: again('short') },
  { at: 4_010, text: again('story, step 2') },
  { at: 6_000, text: again('story, step 2') },
  { at: 7_000, text: `${again(`${ESC}[32m✓${ESC}[0m done ${ESC}[32m█${ESC}[0m${ESC}[2m░${ESC}[0m`)}\n` },
  { at: 11_000, text: 'end\n' },
];

describe('the recording of a terminal', () => {
  const svg = recordingSvg(written, options);
  const groups = svg.match(/<g.*<\/g>/g) ?? [];

  test('shows what was there for a while, and what is there at the end for good', () => {
    expect(groups.map((group) => group.replace(/<[^>]*>/g, '|').replace(/\|+/g, '|'))).toEqual([
      '|$ npm run demo|',
      '|Cloud|',
      '|●|story|&lt;b&gt; &amp; &quot;x&quot;|',
      '|story, step 2|',
      '|✓|done|',
      '|end|',
    ]);
    expect(groups.map((group) => /^<g[^>]*>/.exec(group)![0])).toEqual([
      '<g>',
      '<g style="--a:h 0.80s">',
      '<g class="p" style="--a:s 2.01s 1.80s">',
      '<g class="p" style="--a:s 2.99s 3.81s">',
      '<g style="--a:h 6.80s">',
      '<g style="--a:h 10.80s">',
    ]);
  });

  test('draws bars, and places words by their column', () => {
    expect(groups[4]).toContain('<rect class="g"');
    expect(groups[4]).toContain('<rect class="d"');
    // The column of `done` is 2.
    expect(groups[4]).toContain(`x="${(16 + 2 * 7.8).toFixed(1)}"`);
  });

  test('takes text from outside as text, and loads and runs nothing', () => {
    expect(svg).toContain('<title>a &lt;demo&gt; &amp; more</title>');
    expect(svg.replace('xmlns="http://www.w3.org/2000/svg"', '')).not.toMatch(
      /<script|href|url\(|@import|https?:|\son\w+=/,
    );
    expect(svg).toContain('prefers-reduced-motion');
  });
});

test('the recording in the README has every story of the demo, and is small', () => {
  const file = path.resolve('docs/images/demo.svg');
  const svg = readFileSync(file, 'utf8');
  const titles = clouds.flatMap(({ name, stories }) => [name, ...stories.map(({ title }) => title)]);
  const atTheEnd = svg.replace(/<g class="p".*<\/g>/g, '');
  for (const title of titles) expect(atTheEnd).toContain(`>${title}</text>`);
  expect(Buffer.byteLength(svg)).toBeLessThan(150_000);
  expect(readFileSync('README.md', 'utf8')).toContain('src="docs/images/demo.svg"');
});
