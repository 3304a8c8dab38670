import { cutText, type Message } from '../message.ts';

const LONGEST_TEXT = 2_000;
const LONGEST_TAG = 100;

/** https://grafana.com/docs/grafana/latest/developers/http_api/annotations. `url`: of Grafana, also below a path. */
export function annotationAddress(url: URL): URL {
  const address = new URL(url);
  address.pathname = `${url.pathname.replace(/\/+$/, '')}/api/annotations`;
  return address;
}

/** An annotation of the time that the deployment took, on every dashboard that asks for one of its tags. */
export function annotationBody({ mark, texts, startedAt, finishedAt }: Message): object {
  const { headline, cause, revision, 'run-url': page, outcome, environment, name } = texts;
  const lines = [`${mark} ${headline}`, revision && `Revision: ${revision}`, cause, page];
  const text = lines.filter(Boolean).map(escapeHtml).join('\n');
  const tags = [
    'deployment',
    outcome,
    ...(name === '' ? [] : [`service:${name}`]),
    ...(environment === '' ? [] : [`environment:${environment}`]),
  ];
  return {
    text: cutText(text, LONGEST_TEXT),
    tags: tags.map((tag) => cutText(tag, LONGEST_TAG)),
    time: startedAt,
    timeEnd: finishedAt ?? startedAt,
  };
}

/** Grafana shows the HTML of an annotation, and makes links of addresses. */
function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
