import { AppError } from '../base/errors/app-error.js';

/** A character that is visible: neither Unicode white space nor the byte order mark. */
const VISIBLE = /[^\p{White_Space}\uFEFF]/u;

/**
 * The error of an invalid text, or null when the text is valid.
 * @param field its name in the request, e.g. `text` or `texts.3`.
 */
export function textError(text: unknown, field: string): AppError | null {
  if (typeof text !== 'string') {
    const message = 'must be a string';
    return new AppError('INVALID_REQUEST', `${field} ${message}.`, { errors: [{ field, message }] });
  }
  if (VISIBLE.test(text)) return null;
  return emptyText(field, 'must not be empty or white space alone');
}

/**
 * The error of a text of which the tokenizer of the version leaves nothing: control characters, accents without a
 * letter, U+200B, U+FFFD. A model would answer for the special tokens alone.
 * @param field its name in the request
 */
export function nothingLeft(field: string): AppError {
  return emptyText(
    field,
    "must have a character that the model reads; the model's tokenizer drops all of these",
  );
}

function emptyText(field: string, message: string): AppError {
  return new AppError('EMPTY_TEXT', `${field} ${message}.`, { errors: [{ field, message }] });
}
