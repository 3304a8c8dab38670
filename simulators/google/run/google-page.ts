import type { SimulatedResponse } from '../../edge/host.ts';

/** Google's own page: nothing of the service answered. */
export function googlePage(status: number, title: string, text: string): SimulatedResponse {
  const body =
    `<html><head>\n<meta http-equiv="content-type" content="text/html;charset=utf-8">\n<title>${status} ${title}</title>\n` +
    `</head>\n<body text=#000000 bgcolor=#ffffff>\n<h1>Error: ${title}</h1>\n<h2>${text}</h2>\n<h2></h2>\n</body></html>\n`;
  return { status, headers: { 'content-type': 'text/html; charset=UTF-8' }, body };
}
