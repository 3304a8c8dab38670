import { connectEarly } from '../../src/engine/connect-early.ts';
import { openHttp } from '../../src/io/http.ts';
import { parseImageName, parseRepository } from '../../src/model/image.ts';

/**
 * our-copy.ts SOURCE REPOSITORY TAG: our copy in a separate process, in the order in which the action does it: the first
 * connections are opened before the rest is loaded, as the action opens them before the library of its cloud is. The last
 * line is how long it took from there on.
 */
const [source = '', repository = '', tag = ''] = process.argv.slice(2);
const startedAt = performance.now();
const http = openHttp(process.env);
const request = { images: [{ container: null, name: parseImageName(source) }], copyTo: parseRepository(repository) };
await connectEarly(request, http);
const { resolveAndCopy } = await import('./resolve-and-copy.ts');
await resolveAndCopy({ ...request, tags: [tag], platforms: [], copyReferrers: false }, http);
process.stdout.write(`in-process ${performance.now() - startedAt} ms\n`);
process.exit(0);
