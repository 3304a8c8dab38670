/** The anchors that GitHub gives to the headings of a page; a repeated one gets a number. */
export function anchorsOf(page: string): readonly string[] {
  const times = new Map<string, number>();
  return [...withoutBlocks(page).matchAll(/^#{1,6} (.*)$/gm)].map(([, heading]) => {
    const slug = slugOf(heading!.trim());
    const before = times.get(slug) ?? 0;
    times.set(slug, before + 1);
    return before === 0 ? slug : `${slug}-${before}`;
  });
}

/** What a fence holds is no Markdown. */
export function withoutBlocks(page: string): string {
  return page.replace(/^( *)```.*?^\1```$/gms, '');
}

function slugOf(heading: string): string {
  return heading
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}\p{Pc}\- ]/gu, '')
    .replaceAll(' ', '-');
}
