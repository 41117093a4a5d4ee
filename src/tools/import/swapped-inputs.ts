import { StartError } from '../../base/errors/start-error.js';
import type { GraphProto } from '../onnx/generated/onnx_pb.js';
import { rowsLookedUp } from './word-embedding.js';

/** How to export with the right names, for messages. */
export const RIGHT_ORDER =
  'give torch.onnx.export input_names in the order of the arguments of forward, ["input_ids", "attention_mask", "token_type_ids"] for BERT';

/**
 * Refuses a graph whose attention_mask is looked up in a table, as token types are: an exporter binds input_names by
 * their order, so that two of them can change places.
 * @throws StartError
 */
export function refuseSwappedInputs(graph: GraphProto): void {
  const rows = rowsLookedUp(graph, 'attention_mask');
  if (rows === null || rowsLookedUp(graph, 'token_type_ids') !== null) return;
  throw new StartError(
    `model.onnx looks attention_mask up in a table of ${rows} rows, as only token types are: ` +
      `attention_mask and token_type_ids have changed places in the export; ${RIGHT_ORDER}.`,
  );
}
