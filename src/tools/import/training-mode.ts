import { StartError } from '../../base/errors/start-error.js';
import { attributeOf, integerAttribute, isStandard } from '../onnx/attributes.js';
import type { ModelProto, NodeProto, TensorProto } from '../onnx/generated/onnx_pb.js';
import { nodesOf } from './graph-nodes.js';

const AS_INFERENCE =
  'Answers would change from call to call: call model.eval() before the export, and leave out training=TrainingMode.TRAINING';

/**
 * Refuses a graph that was exported in training mode.
 *
 * Dropout drops values since opset 12 where its third input, training_mode, is true; before opset 12, and without
 * that input, it passes them on. BatchNormalization has an attribute of that name since opset 14.
 * @throws StartError that names the node
 */
export function checkInferenceMode(model: ModelProto): void {
  const constants = new Map(model.graph?.initializer.map((tensor) => [tensor.name, tensor]));
  for (const node of nodesOf(model)) {
    if (!isStandard(node, 'Constant')) continue;
    const value = attributeOf(node, 'value')?.t;
    if (value !== undefined && node.output[0] !== undefined) constants.set(node.output[0], value);
  }
  for (const node of nodesOf(model)) {
    if (!isLive(node, constants)) continue;
    throw new StartError(
      `model.onnx is in training mode: ${node.opType} ${JSON.stringify(node.name)} is live. ${AS_INFERENCE}.`,
    );
  }
}

function isLive(node: NodeProto, constants: ReadonlyMap<string, TensorProto>): boolean {
  if (isStandard(node, 'BatchNormalization')) return integerAttribute(node, 'training_mode', 0) === 1;
  const isDropout = isStandard(node, 'Dropout') || /^(Bias)?Dropout$/.test(node.opType);
  if (!isDropout) return false;
  const name = node.input[node.opType === 'BiasDropout' ? 4 : 2];
  if (name === undefined || name === '') return false;
  const mode = constants.get(name);
  // What is computed at run time may be true at any time.
  return mode === undefined || mode.rawData[0] === 1 || mode.int32Data[0] === 1;
}
