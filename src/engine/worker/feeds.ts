import { Tensor, type InferenceSession } from 'onnxruntime-node';

/**
 * What a session is given for some rows of token ids, padded on the right to the last one.
 * @param sequences token ids per row, ascending by length
 */
export function feedsFor(
  session: InferenceSession,
  sequences: readonly ArrayLike<number>[],
): Record<string, Tensor> {
  const rows = sequences.length;
  const length = sequences.at(-1)?.length ?? 0;
  const dims = [rows, length];
  const inputIds = new BigInt64Array(rows * length);
  const attentionMask = new BigInt64Array(rows * length);
  // The low half of each little-endian 64-bit integer: a number per element instead of a BigInt allocated for each.
  const idsLow = new Int32Array(inputIds.buffer);
  const maskLow = new Int32Array(attentionMask.buffer);
  sequences.forEach((ids, row) => {
    let at = row * length * 2;
    for (let i = 0; i < ids.length; i++, at += 2) {
      idsLow[at] = ids[i] ?? 0;
      maskLow[at] = 1;
    }
  });
  const feeds: Record<string, Tensor> = { input_ids: new Tensor('int64', inputIds, dims) };
  if (session.inputNames.includes('attention_mask'))
    feeds.attention_mask = new Tensor('int64', attentionMask, dims);
  if (session.inputNames.includes('token_type_ids')) {
    feeds.token_type_ids = new Tensor('int64', new BigInt64Array(rows * length), dims);
  }
  return feeds;
}
