import { DeployError } from '../model/errors.ts';
import { formatImageName, type ImageName } from '../model/image.ts';
import { isJsonObject, type JsonObject, textAt, tryParseJson } from '../model/json.ts';
import { CONFIG_TYPES } from './image-platforms.ts';

/** Of a file system, in any packing: `application/vnd.oci.image.layer.v1.tar+zstd`, `application/vnd.docker.image.rootfs.diff.tar.gzip`. */
const LAYER = /layer|rootfs|\btar\b/;
const HELM_CHART = /^application\/vnd\.cncf\.helm\./;
/** Some clusters run these. */
const WASM = /^application\/vnd\.(?:wasm|fermyon)\./;

/**
 * Registries keep charts, signatures and other files in the form of images; no platform runs them.
 * @throws DeployError IMAGE_INVALID for a manifest whose config says that it is none
 */
export function ensureImage(manifest: Buffer | undefined, name: ImageName): void {
  const document = manifest && tryParseJson(manifest.toString());
  if (!isJsonObject(document)) return;
  const config = textAt(document, 'config', 'mediaType');
  const found = findOtherType(document, config);
  if (found === null) return;
  const type = found.replace(/[^\w.+/-]/g, '').slice(0, 100);
  const isChart = HELM_CHART.test(config);
  const what = isChart ? 'a Helm chart' : `an artifact of the type ${type}`;
  throw new DeployError('IMAGE_INVALID', `could not deploy ${formatImageName(name)}: it is ${what}, not an image`, {
    hint: isChart
      ? 'Write the image that the chart runs (its value `image`), not the chart.'
      : 'Check the tag: signatures, SBOMs and other files are kept beside images, under tags of their own.',
  });
}

/** Of what it is instead of an image; null: it may be one. Old tools give signatures and attestations the config of an image. */
function findOtherType(document: JsonObject, config: string): string | null {
  if (config !== '' && !CONFIG_TYPES.includes(config) && !WASM.test(config))
    return textAt(document, 'artifactType') || config;
  const layers = Array.isArray(document['layers']) ? document['layers'] : [];
  const types = layers.map((layer) => textAt(layer, 'mediaType'));
  const isOther = types.length > 0 && types.every((type) => type !== '' && !LAYER.test(type) && !WASM.test(type));
  return isOther ? types[0]! : null;
}
