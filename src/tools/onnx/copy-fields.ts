import { create, type DescMessage, type MessageShape } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';

/**
 * A new message with those fields of another that are set and whose numbers are wanted. What the fields hold is
 * shared, not copied; what the schema does not know is left out.
 */
export function copyFields<Schema extends DescMessage>(
  schema: Schema,
  message: MessageShape<Schema>,
  wanted: (fieldNumber: number) => boolean,
): MessageShape<Schema> {
  const copy = create(schema);
  const from = reflect(schema, message, false);
  const to = reflect(schema, copy, false);
  for (const field of schema.fields) {
    if (wanted(field.number) && from.isSet(field)) to.set(field, from.get(field));
  }
  return copy;
}

/** A new message with all that another holds, unknown fields too, for a caller that changes some of its fields. */
export function shallowCopy<Schema extends DescMessage>(
  schema: Schema,
  message: MessageShape<Schema>,
  without?: number,
): MessageShape<Schema> {
  const copy = copyFields(schema, message, (number) => number !== without);
  if (message.$unknown) copy.$unknown = message.$unknown;
  return copy;
}
