import { create } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType as AttributeType,
  AttributeProtoSchema,
  NodeProtoSchema,
  type AttributeProto,
  type NodeProto,
} from './generated/onnx_pb.js';

/** What a node's attribute may be made of: a bigint is an integer, a number a float. */
export type AttributeValue = bigint | number | string | readonly bigint[];

function makeAttribute(name: string, value: AttributeValue): AttributeProto {
  if (typeof value === 'bigint')
    return create(AttributeProtoSchema, { name, type: AttributeType.INT, i: value });
  if (typeof value === 'number')
    return create(AttributeProtoSchema, { name, type: AttributeType.FLOAT, f: value });
  if (typeof value === 'string') {
    return create(AttributeProtoSchema, { name, type: AttributeType.STRING, s: Buffer.from(value) });
  }
  return create(AttributeProtoSchema, { name, type: AttributeType.INTS, ints: [...value] });
}

export interface NodeShape {
  readonly opType: string;
  readonly domain?: string;
  readonly name: string;
  /** An empty name leaves an optional input out. */
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

export function makeNode({ opType, domain, name, input, output, attributes = {} }: NodeShape): NodeProto {
  return create(NodeProtoSchema, {
    opType,
    name,
    input: [...input],
    output: [...output],
    attribute: Object.entries(attributes).map(([key, value]) => makeAttribute(key, value)),
    ...(domain !== undefined && { domain }),
  });
}

export const attributeOf = (node: NodeProto, name: string): AttributeProto | undefined =>
  node.attribute.find((attribute) => attribute.name === name);

/** An integer attribute, or the standard's default when it is absent. */
export function integerAttribute(node: NodeProto, name: string, otherwise: number): number {
  const attribute = attributeOf(node, name);
  return attribute === undefined ? otherwise : Number(attribute.i);
}

export function floatAttribute(node: NodeProto, name: string, otherwise: number): number {
  return attributeOf(node, name)?.f ?? otherwise;
}

/** True for an operator of the ONNX standard itself, which goes by two names of its domain. */
export const isStandard = (node: NodeProto, ...opTypes: readonly string[]): boolean =>
  (node.domain === '' || node.domain === 'ai.onnx') && opTypes.includes(node.opType);
