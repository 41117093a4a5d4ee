import { StartError } from '../../base/errors/start-error.js';
import { TASK_TRAITS, type TaskName } from '../../registry/tasks.js';
import { integerAttribute, isStandard, makeNode } from '../onnx/attributes.js';
import { shallowCopy } from '../onnx/copy-fields.js';
import {
  GraphProtoSchema,
  ModelProtoSchema,
  type ModelProto,
  type NodeProto,
} from '../onnx/generated/onnx_pb.js';
import { GraphIndex } from '../onnx/graph-index.js';
import type { OutputKind } from './output-kind.js';

/** Operators that change neither a number nor its place among the labels. */
const CARRIERS = ['Identity', 'Cast', 'Reshape', 'Squeeze', 'Unsqueeze', 'Flatten'];
/** Operators that may follow the scores of one text, such as `1 - sigmoid` beside `sigmoid`. */
const REWORKERS = ['Concat', 'Sub', 'Add', 'Mul', 'Div', 'Exp', 'Log', 'Clip', 'Min', 'Max'];
const SCORERS = ['Softmax', 'LogSoftmax', 'Sigmoid', 'HardSigmoid'];

interface FoundScorer {
  readonly node: NodeProto;
  /** True when nothing stands between it and the output but {@link CARRIERS}. */
  readonly isLast: boolean;
}

/**
 * Makes sure that a graph answers logits. Scores would be put through softmax or sigmoid a second time, and none would
 * be right. With `scores`, the Softmax or Sigmoid at the end is taken off, and the task computes it instead.
 * @returns the model to import, and a sentence when it was changed
 * @throws StartError when the graph answers scores and that was not said, or its scores are not those of the task
 */
export function asLogits(
  model: ModelProto,
  output: string,
  task: TaskName,
  kind: OutputKind,
): { readonly model: ModelProto; readonly notes: readonly string[] } {
  const found = findScorer(model, output);
  if (found === null) {
    if (kind === 'logits') return { model, notes: [] };
    throw new StartError(
      `--output scores is for a graph that ends in Softmax or Sigmoid; nothing of the kind is at the end of this one: leave it out.`,
    );
  }
  const { node } = found;
  const { opType } = node;
  // softmax(log(softmax(x))) is softmax(x): these do no harm where the task has one label per text.
  if (opType === 'LogSoftmax' && found.isLast && task === 'text-classification' && kind === 'logits')
    return { model, notes: [] };
  const named = `${opType}${node.name === '' ? '' : ` ${JSON.stringify(node.name)}`}`;
  const canCut = found.isLast && isOfTask(node, task);
  if (kind === 'logits') {
    throw new StartError(
      `model.onnx has a ${named} at its end: it answers scores, and Serin, which takes logits, would compute scores of these scores. ` +
        `Export the model without it${canCut ? ', or type --output scores, which takes it off' : adviceOn(found, task)}.`,
    );
  }
  if (!canCut) {
    throw new StartError(
      `--output scores cannot be right: the graph ends in ${named}${found.isLast ? '' : ', followed by other operators'}, which does not make the scores of the task ${task}. ` +
        `Export the model without it${adviceOn(found, task)}.`,
    );
  }
  return {
    model: withIdentity(model, node),
    notes: [
      `the ${opType} at the end of the graph is taken off, as Serin computes it itself (--output scores)`,
    ],
  };
}

/** Which `--task` the function at the end would fit; empty when none. */
function adviceOn({ node, isLast }: FoundScorer, task: TaskName): string {
  if (!isLast) return '';
  const other = (['text-classification', 'multi-label-classification'] as const).find(
    (name) => name !== task && isOfTask(node, name),
  );
  return other === undefined
    ? ''
    : `, or type --output scores --task ${other} if that is what the labels mean`;
}

function isOfTask(node: NodeProto, task: TaskName): boolean {
  if (node.opType === 'Sigmoid') return TASK_TRAITS[task].severalLabels || task === 'binary-classification';
  // Of two axes, 1 is the last; it was the default before opset 13.
  const axis = integerAttribute(node, 'axis', -1);
  return node.opType === 'Softmax' && (axis === -1 || axis === 1) && task === 'text-classification';
}

/** The function that makes scores of logits, looked for from the output back to the last product. */
function findScorer({ graph }: ModelProto, output: string): FoundScorer | null {
  if (graph === undefined) return null;
  const index = new GraphIndex(graph);
  const seen = new Set<string>();
  const look = (name: string, isLast: boolean): FoundScorer | null => {
    const node = index.producer(name);
    if (node === undefined || seen.has(name)) return null;
    seen.add(name);
    if (isStandard(node, ...SCORERS)) return { node, isLast };
    const carries = isStandard(node, ...CARRIERS);
    if (!carries && !isStandard(node, ...REWORKERS)) return null;
    const inputs = carries ? node.input.slice(0, 1) : node.input;
    for (const input of inputs) {
      const found = look(input, isLast && carries);
      if (found !== null) return found;
    }
    return null;
  };
  return look(output, true);
}

/** The model with a node that passes on its first input in the place of another. */
function withIdentity(model: ModelProto, cut: NodeProto): ModelProto {
  const copy = shallowCopy(ModelProtoSchema, model);
  if (model.graph === undefined) return copy;
  copy.graph = shallowCopy(GraphProtoSchema, model.graph);
  copy.graph.node = model.graph.node.map((node) =>
    node === cut
      ? makeNode({
          opType: 'Identity',
          name: cut.name,
          input: cut.input.slice(0, 1),
          output: cut.output,
        })
      : node,
  );
  return copy;
}
