import type { GraphProto } from '../onnx/generated/onnx_pb.js';
import { GraphIndex } from '../onnx/graph-index.js';

/** Takes nodes and stored tensors that nothing reads out of a graph, and what only they read in turn. */
export function prune(graph: GraphProto): void {
  for (let before = -1; before !== graph.node.length;) {
    before = graph.node.length;
    const index = new GraphIndex(graph);
    const isRead = (name: string): boolean => index.consumers(name).length > 0 || index.isOutput(name);
    graph.node = graph.node.filter((node) => node.output.some(isRead));
  }
  const index = new GraphIndex(graph);
  const isStoredInVain = (name: string): boolean =>
    index.initializer(name) !== undefined && index.consumers(name).length === 0 && !index.isOutput(name);
  // Models of IR version 3 name each stored tensor as an input as well.
  graph.input = graph.input.filter(({ name }) => !isStoredInVain(name));
  graph.initializer = graph.initializer.filter(({ name }) => !isStoredInVain(name));
}
