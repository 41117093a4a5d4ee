import type { GraphProto, ModelProto, NodeProto } from '../onnx/generated/onnx_pb.js';

/** Every node of a model, those of nested graphs (If, Loop) and of functions too. */
export function* nodesOf(model: ModelProto): Generator<NodeProto, void, undefined> {
  if (model.graph) yield* nodesOfGraph(model.graph);
  for (const { node } of model.functions) yield* withNested(node);
}

function* nodesOfGraph(graph: GraphProto): Generator<NodeProto, void, undefined> {
  yield* withNested(graph.node);
}

function* withNested(nodes: readonly NodeProto[]): Generator<NodeProto, void, undefined> {
  for (const node of nodes) {
    yield node;
    for (const { g, graphs } of node.attribute) {
      for (const graph of g ? [g, ...graphs] : graphs) yield* nodesOfGraph(graph);
    }
  }
}
