const MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
/** One segment, whose size follows in 4 bytes. */
const DESCRIPTOR = Buffer.from([0xa0]);
const MAX_BLOCK_BYTES = 128 * 1024;

/** zstd with raw blocks only, so that no version of zstd changes a digest: RFC 8878 3.1.1 */
export function zstdStored(data: Buffer): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(data.length);
  const blocks: Buffer[] = [MAGIC, DESCRIPTOR, size];
  let at = 0;
  do {
    const block = data.subarray(at, at + MAX_BLOCK_BYTES);
    at += block.length;
    const head = Buffer.alloc(3);
    head.writeUIntLE(block.length * 8 + (at === data.length ? 1 : 0), 0, 3);
    blocks.push(head, block);
  } while (at < data.length);
  return Buffer.concat(blocks);
}
