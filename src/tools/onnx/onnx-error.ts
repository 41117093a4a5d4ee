/**
 * Why a file is not a model that can be read, or a graph not one that can be worked on, in one sentence that a person
 * can act on. The command that was given the file shows it without a stack.
 */
export class OnnxError extends Error {
  override readonly name = 'OnnxError';
}
