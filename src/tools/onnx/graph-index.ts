import type { GraphProto, NodeProto, TensorProto } from './generated/onnx_pb.js';

/** Names that a node reads, those that its nested graphs (of If, Loop, Scan) read from around them included. */
function namesRead(node: NodeProto): Set<string> {
  const names = new Set(node.input.filter((name) => name !== ''));
  for (const { g, graphs } of node.attribute) {
    for (const graph of g ? [g, ...graphs] : graphs) {
      for (const inner of graph.node) for (const name of namesRead(inner)) names.add(name);
      for (const { name } of graph.output) names.add(name);
    }
  }
  return names;
}

/** Who makes and who reads each value of a graph. It describes the graph as it was when this was built. */
export class GraphIndex {
  private readonly initializers: ReadonlyMap<string, TensorProto>;
  private readonly producers = new Map<string, NodeProto>();
  private readonly readers = new Map<string, NodeProto[]>();
  private readonly outputs: ReadonlySet<string>;

  constructor(graph: GraphProto) {
    this.initializers = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
    this.outputs = new Set(graph.output.map(({ name }) => name));
    for (const node of graph.node) {
      for (const name of node.output) this.producers.set(name, node);
      for (const name of namesRead(node)) this.readers.set(name, [...(this.readers.get(name) ?? []), node]);
    }
  }

  initializer(name: string): TensorProto | undefined {
    return this.initializers.get(name);
  }

  /** The node whose result this is; undefined for an input or an initializer. */
  producer(name: string): NodeProto | undefined {
    return this.producers.get(name);
  }

  consumers(name: string): readonly NodeProto[] {
    return this.readers.get(name) ?? [];
  }

  isOutput(name: string): boolean {
    return this.outputs.has(name);
  }
}
