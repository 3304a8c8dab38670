// Jest transformer: erases the types with Node's own stripper. Lines stay where they are, so no source map is needed.
import { stripTypeScriptTypes } from 'node:module';

export default { process: (source) => ({ code: stripTypeScriptTypes(source) }) };
