import { StartError } from '../../base/errors/start-error.js';
import { attributeOf, integerAttribute, isStandard } from '../onnx/attributes.js';
import { TensorProto_DataType as DataType, type ModelProto } from '../onnx/generated/onnx_pb.js';
import { nodesOf } from './graph-nodes.js';

export interface GraphPrecision {
  /** The arithmetic of the graph: fp32, fp16, int8 or int4. */
  readonly precision: string;
  /** The storage type of its weights, if it differs from the arithmetic. */
  readonly weightStorage: string | null;
}

const INT8_OPERATORS =
  /^(MatMulInteger|MatMulIntegerToFloat|QLinear\w+|DynamicQuantize\w+|QuantizeLinear|QAttention|QGemm)$/;
/** They read weights without computing with them. */
const MOVERS = ['Cast', 'Gather', 'Identity', 'Reshape', 'Transpose'];

const FLOAT16: number = DataType.FLOAT16;
const BFLOAT16: number = DataType.BFLOAT16;

/**
 * Refuses a graph that computes in bf16; weights that are stored so and cast to float are read.
 * @throws StartError that says how to export the model in fp32
 */
export function refuseBfloat16(model: ModelProto): void {
  const stored = new Set(
    model.graph?.initializer.filter(({ dataType }) => dataType === BFLOAT16).map(({ name }) => name),
  );
  const computes = [...nodesOf(model)].some(
    (node) =>
      (isStandard(node, 'Cast') && integerAttribute(node, 'to', 0) === BFLOAT16) ||
      (isStandard(node, 'Constant') && attributeOf(node, 'value')?.t?.dataType === BFLOAT16) ||
      (!isStandard(node, ...MOVERS) && node.input.some((name) => stored.has(name))),
  );
  const answers = model.graph?.output.some(
    ({ type }) => type?.value.case === 'tensorType' && type.value.value.elemType === BFLOAT16,
  );
  if (!computes && answers !== true) return;
  throw new StartError(
    'model.onnx computes in bf16, which ONNX Runtime does not have on CPUs: export it in fp32, with model.float() before ' +
      'torch.onnx.export, or "optimum-cli export onnx --dtype fp32 --model MODEL --task text-classification OUT".',
  );
}

/** What a graph computes with, by its operators and the types of its weights. */
export function precisionOf(model: ModelProto): GraphPrecision {
  const nodes = [...nodesOf(model)];
  if (nodes.some(({ opType }) => opType === 'MatMulNBits')) return { precision: 'int4', weightStorage: null };
  if (nodes.some(({ opType }) => INT8_OPERATORS.test(opType)))
    return { precision: 'int8', weightStorage: null };
  const halves = model.graph?.initializer.filter(({ dataType }) => dataType === FLOAT16) ?? [];
  if (halves.length === 0) return { precision: 'fp32', weightStorage: null };
  const stored = new Set(halves.map(({ name }) => name));
  const computes = nodes.some(
    (node) => !isStandard(node, ...MOVERS) && node.input.some((name) => stored.has(name)),
  );
  return computes ? { precision: 'fp16', weightStorage: null } : { precision: 'fp32', weightStorage: 'fp16' };
}
